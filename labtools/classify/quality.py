"""How good a classification is: agreement with known labels, and whether confidence is honest.

Use the macro F1 where rare classes matter as much as common ones, and the calibration error
before anybody trusts a threshold.  When not: on texts that the classifier was trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

_BINS = 15
_TINY = 1e-15


@dataclass(frozen=True, slots=True)
class Agreement:
    """How labels given agree with known ones.

    Attributes
    ----------
    by_class : pandas.DataFrame
        One row for each class: ``precision``, ``recall``, ``f1`` (0 to 1; 0 where nothing is
        right) and ``support`` (texts known to be of it).
    macro_f1, accuracy, weighted_f1 : float
        Mean of the classes' F1, share right, and F1 weighted by support.
    kappa, mcc : float
        Cohen's kappa (doi:10.1177/001316446002000104) and Matthews' correlation: what is above
        chance; missing where all are of one class.
    """

    by_class: pd.DataFrame
    macro_f1: float
    accuracy: float
    weighted_f1: float
    kappa: float
    mcc: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether confidence is the share that is right.

    Attributes
    ----------
    ece, mce : float
        Mean and largest distance between confidence and share right over 15 bins of equal
        width (Guo et al. 2017, https://proceedings.mlr.press/v70/guo17a.html).
    adaptive_ece : float
        The mean over 15 bins of equal size.
    log_loss, brier : float
        Proper scores of the probabilities; smaller is better.
    """

    ece: float
    mce: float
    adaptive_ece: float
    log_loss: float
    brier: float


def measure_agreement(known: pd.Series, given: pd.Series) -> Agreement:
    """Compare two labellings of the same texts, aligned by index; also two persons' codings."""
    table = pd.crosstab(known, given)
    classes = sorted(set(table.index) | set(table.columns))
    counts = table.reindex(index=classes, columns=classes, fill_value=0).to_numpy(float)
    right, rows, columns = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    total = counts.sum()
    precision = np.divide(right, columns, out=np.zeros_like(right), where=columns > 0)
    recall = np.divide(right, rows, out=np.zeros_like(right), where=rows > 0)
    f1 = np.divide(2 * right, rows + columns, out=np.zeros_like(right), where=rows + columns > 0)
    accuracy, chance = right.sum() / total, (rows * columns).sum() / total**2
    spread = (total**2 - (rows**2).sum()) * (total**2 - (columns**2).sum())
    by_class = pd.DataFrame(
        {"precision": precision, "recall": recall, "f1": f1, "support": rows.astype(int)},
        index=pd.Index(classes, name="class"),
    )
    return Agreement(
        by_class,
        macro_f1=float(f1.mean()),
        accuracy=float(accuracy),
        weighted_f1=float((f1 * rows).sum() / total),
        kappa=float((accuracy - chance) / (1 - chance)) if chance < 1 else float("nan"),
        mcc=float((right.sum() * total - (rows * columns).sum()) / np.sqrt(spread))
        if spread > 0
        else float("nan"),
    )


def measure_calibration(known: pd.Series, probability: pd.DataFrame) -> Calibration:
    """Compare probabilities (a column for each class, rows aligned with `known`) with the truth."""
    chance = probability.to_numpy(float)
    truth = probability.columns.get_indexer(known)
    right = chance.argmax(axis=1) == truth
    confidence = chance.max(axis=1)
    at_truth = np.clip(chance[np.arange(len(truth)), truth], _TINY, 1)
    one_hot = np.zeros_like(chance)
    one_hot[np.arange(len(truth)), truth] = 1
    bins = np.clip(np.ceil(confidence * _BINS).astype(int) - 1, 0, _BINS - 1)  # (low, high]
    gaps, sizes = _gaps(confidence, right, [bins == b for b in range(_BINS)])
    order = np.argsort(confidence, kind="stable")
    even, _ = _gaps(confidence, right, np.array_split(order, _BINS))
    return Calibration(
        ece=float((gaps * sizes).sum() / sizes.sum()),
        mce=float(gaps.max()),
        adaptive_ece=float(even.mean()),
        log_loss=float(-np.log(at_truth).mean()),
        brier=float(((chance - one_hot) ** 2).sum(axis=1).mean()),
    )


def fit_temperature(known: pd.Series, log_probability: pd.DataFrame) -> float:
    """Return the number by which to divide log-probabilities so that they fit the truth best."""
    logits = log_probability.to_numpy(float)
    truth = log_probability.columns.get_indexer(known)
    rows = np.arange(len(truth))

    def loss(log_temperature: float) -> float:
        scaled = scipy.special.log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[rows, truth].mean())

    found = scipy.optimize.minimize_scalar(
        loss, bounds=(-3.0, 3.0), method="bounded", options={"xatol": 1e-8}
    )
    return float(np.exp(found.x))


def class_drift(before: pd.Series, now: pd.Series) -> float:
    """Return how far the mix of classes moved: the population stability index.

    Under 0.1 little, over 0.25 so much that the model must be looked at again (a rule of
    thumb of credit scoring, no test).  A class that one of the two lacks counts as half a text.
    """
    classes = sorted(set(before) | set(now))
    shares = []
    for labels in (before, now):
        counts = labels.value_counts().reindex(classes).fillna(0).clip(lower=0.5)
        shares.append(counts / counts.sum())
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def _gaps(
    confidence: np.ndarray, right: np.ndarray, groups: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance of confidence and share right in each group that has any, and sizes."""
    filled = [group for group in groups if len(confidence[group])]
    gaps = [abs(confidence[group].mean() - right[group].mean()) for group in filled]
    return np.array(gaps), np.array([len(confidence[group]) for group in filled])
