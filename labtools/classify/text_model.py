"""Short Spanish texts → codes, by a linear model of words and pieces of words that may abstain.

When to use it: for subjects that no rule names, and narratives, once there are some fifty texts
coded by persons or rules.  When not: to decide about a person; for texts of another kind than it
was fitted on (it then abstains, for it knows few of their words); where a rule can be written.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy

from labtools.classify.quality import fit_temperature
from labtools.errors import AnalysisError

#: Share of the words of a text that the model must know, or it abstains.
_KNOWN_WORDS = 0.5
_FOLDS = 5
_FEWEST = 30
#: Different texts for each class, in the mean: with fewer, most codes are met once.
_FEWEST_EACH = 3
#: The share right among what is sure must be so likely to be the declared one.
_LIKELY = 0.95


@dataclass(frozen=True, slots=True)
class TextModel:
    """A fitted model; the same texts in the same order give the same one.

    Attributes
    ----------
    classes : tuple of str
    features : object
        Turns texts into counts of words, pairs of words and pieces of words.
    weights, bias : ndarray, shape (n_classes, n_features) and (n_classes,)
    temperature : float
        Divides the scores, so that confidence is the share that is right.
    evidence : pandas.DataFrame
        What it said of texts of families left out: ``family``, ``confidence``, ``right``.
    words : frozenset of str
        Every word it was fitted on.
    texts : int
        How many different ones.
    """

    classes: tuple[str, ...]
    features: Any
    weights: np.ndarray
    bias: np.ndarray
    temperature: float
    evidence: pd.DataFrame
    words: frozenset[str]
    texts: int


def fit_text_model(
    texts: pd.Series, labels: pd.Series, *, families: pd.Series | None = None
) -> TextModel:
    """Fit a model on coded texts.

    Parameters
    ----------
    texts, labels : pandas.Series of str
        Aligned by index; the same text with the same label counts once.
    families : pandas.Series, optional
        Which texts are alike (one form, one year, one clerk): confidence is then calibrated on
        families left out, as it will be met.

    Raises
    ------
    AnalysisError
        If there are fewer than 30 different texts, or than three for each class, or one class
        only.
    """
    table = pd.DataFrame({"text": texts.map(fold_text), "label": labels})
    table["family"] = table["text"] if families is None else families
    table = table.drop_duplicates(["text", "label"]).sort_values(["text", "label"])
    classes = table["label"].nunique()
    least = max(_FEWEST, _FEWEST_EACH * classes)
    if len(table) < least or classes < 2:  # noqa: PLR2004 - one is no choice
        raise AnalysisError(
            "{n} different texts of {classes} classes are too few to learn from. Code at least "
            "{least} texts of two classes, or write rules in the crosswalk.",
            n=len(table),
            classes=classes,
            least=least,
        )
    features, weights, bias, codes = _fitted(table)
    left_out = _left_out(table)
    known = left_out.columns.get_indexer(table["label"][left_out.index])
    temperature = fit_temperature(table["label"][left_out.index], left_out)
    chance = np.exp(scipy.special.log_softmax(left_out.to_numpy() / temperature, axis=1))
    evidence = pd.DataFrame(
        {
            "family": table["family"][left_out.index],
            "confidence": chance.max(axis=1),
            "right": chance.argmax(axis=1) == known,
        }
    )
    return TextModel(
        classes=codes,
        features=features,
        weights=weights,
        bias=bias,
        temperature=temperature,
        evidence=evidence,
        words=frozenset(word for text in table["text"] for word in text.split()),
        texts=len(table),
    )


def sure_from(model: TextModel, declared: float) -> float:
    """Return the confidence from which on the share right is the declared one.

    It is taken from the texts of families left out, each family counting once, and must hold
    with 95 % likelihood (Clopper and Pearson's limit, doi:10.1093/biomet/26.4.404).  Infinite,
    so that nothing is coded, where there is too little evidence for that.
    """
    order = model.evidence.sort_values("confidence", ascending=False, kind="stable")
    lowest = float("inf")
    for confidence in order["confidence"].unique():
        among = order[order["confidence"] >= confidence]
        right = among.groupby("family")["right"].mean()
        wrong = len(right) - right.sum()
        if right.sum() and scipy.stats.beta.ppf(1 - _LIKELY, right.sum(), wrong + 1) >= declared:
            lowest = float(confidence)
    return lowest


def predict_codes(model: TextModel, texts: pd.Series, *, confidence: float) -> pd.DataFrame:
    """Return the likeliest code of each text, and whether it is sure enough to be used.

    Parameters
    ----------
    confidence : float
        Declared share that must be right, 0 to 1: what is less likely is not sure, nor is
        anything where the evidence for such a share is missing (see `sure_from`).

    Returns
    -------
    pandas.DataFrame
        Aligned with `texts`: ``code``, ``confidence``, ``second``, ``second_confidence``,
        ``known_words`` (share) and ``sure``.
    """
    chance = probabilities(model, texts)
    order = np.argsort(-chance.to_numpy(), axis=1, kind="stable")
    rows = np.arange(len(chance))
    values = chance.to_numpy()
    known = texts.map(lambda text: _known_share(model, text))
    top = values[rows, order[:, 0]]
    names = np.array(model.classes)
    return pd.DataFrame(
        {
            "code": names[order[:, 0]],
            "confidence": top,
            "second": names[order[:, 1]],
            "second_confidence": values[rows, order[:, 1]],
            "known_words": known,
            "sure": (top >= max(confidence, sure_from(model, confidence)))
            & (known >= _KNOWN_WORDS).to_numpy(),
        },
        index=texts.index,
    )


def probabilities(model: TextModel, texts: pd.Series) -> pd.DataFrame:
    """Return the calibrated probability of each class (columns) for each text."""
    scores = _scores(model.features, model.weights, model.bias, texts.map(fold_text))
    chance = np.exp(scipy.special.log_softmax(scores / model.temperature, axis=1))
    return pd.DataFrame(chance, index=texts.index, columns=list(model.classes))


def deciding_words(model: TextModel, text: str, *, at_most: int = 3) -> tuple[str, ...]:
    """Return the words without which the likeliest code would be less likely, the heaviest first.

    Each word is left out in turn and the text is read again.
    """
    words = fold_text(text).split()
    if not words:
        return ()
    without = [" ".join(words[:at] + words[at + 1 :]) for at in range(len(words))]
    chance = probabilities(model, pd.Series([" ".join(words), *without])).to_numpy()
    best = chance[0].argmax()
    loss = np.log(chance[0, best]) - np.log(chance[1:, best])
    heavy = [at for at in np.argsort(-loss, kind="stable") if loss[at] > 0]
    return tuple(dict.fromkeys(words[at] for at in heavy))[:at_most]


def fold_text(text: str) -> str:
    """Return a text as the model reads it: small letters, no accents, figures as "0"."""
    split = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in split if not unicodedata.combining(c)).casefold()
    return " ".join(re.findall(r"[a-z]+|0", re.sub(r"\d+", " 0 ", plain)))


def _known_share(model: TextModel, text: str) -> float:
    words = fold_text(text).split()
    return sum(word in model.words for word in words) / len(words) if words else 0.0


def _fitted(table: pd.DataFrame) -> tuple[Any, np.ndarray, np.ndarray, tuple[str, ...]]:
    # Heavy, and only needed where there is something to learn.
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.pipeline import FeatureUnion  # noqa: PLC0415
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    words = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, tokenizer=str.split, token_pattern=None
    )
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 4), sublinear_tf=True)
    features = FeatureUnion([("words", words), ("pieces", pieces)])
    counted = features.fit_transform(table["text"])
    model = LinearSVC(class_weight="balanced", random_state=0)
    model.fit(counted, table["label"])
    weights, bias = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(weights) == 1:  # two classes share one score
        weights, bias = np.vstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    return features, weights, bias, tuple(map(str, model.classes_))


def _scores(features: Any, weights: np.ndarray, bias: np.ndarray, texts: pd.Series) -> np.ndarray:
    return np.asarray(features.transform(texts) @ weights.T + bias)


def _left_out(table: pd.DataFrame) -> pd.DataFrame:
    """Return the log-probabilities of texts by models that saw none of their family."""
    family = pd.Series(pd.factorize(table["family"])[0], index=table.index)
    shuffled = np.random.default_rng(0).permutation(int(family.max()) + 1)
    fold = pd.Series(shuffled[family] % _FOLDS, index=table.index)
    classes = sorted(table["label"].unique())
    parts = []
    for number in range(_FOLDS):
        rest, held = table[fold != number], table[fold == number]
        if held.empty or rest["label"].nunique() < 2:  # noqa: PLR2004 - one is no choice
            continue
        features, weights, bias, known = _fitted(rest)
        scores = pd.DataFrame(
            _scores(features, weights, bias, held["text"]), index=held.index, columns=list(known)
        ).reindex(columns=classes)
        lowest = scores.min(axis=1) - 1  # a class that the rest lacks is the least likely
        parts.append(scores.T.fillna(lowest).T)
    return pd.concat(parts)
