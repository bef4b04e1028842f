"""Several estimates of one effect together: what the published ones and ours say.

When to use it: the same kind of intervention and outcome, each estimate with its error.
When not: to average a harmful and a useful version of a programme into "no effect"; read the
prediction interval, which says what the next place may expect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

Between = Literal["REML", "DL"]
_STEPS = 200
_CLOSE = 1e-10
_FEWEST = 2
_FEWEST_TO_PREDICT = 3


@dataclass(frozen=True, slots=True)
class Combined(Shown):
    """A random-effects summary.

    Attributes
    ----------
    effect, se, lower, upper, p : float
        Mean of the effects, with Hartung-Knapp-Sidik-Jonkman's error and t interval.
    tau2 : float
        Variance of the true effects.
    i2 : float
        Share of the variance that is between studies.
    q, q_p : float
        Cochran's test that all effects are one.
    predicted_lower, predicted_upper : float
        Where the true effect of one more place may lie; missing with two studies.
    studies : int
    """

    told_as: ClassVar[Sentence] = mark("Effects of several studies together")
    effect: float
    se: float
    lower: float
    upper: float
    p: float
    tau2: float
    i2: float
    q: float
    q_p: float
    predicted_lower: float
    predicted_upper: float
    studies: int


def combine_effects(
    effects: pd.Series, errors: pd.Series, *, between: Between = "REML", level: float = 0.95
) -> Combined:
    """Return the random-effects summary of estimates (log ratios, differences).

    Parameters
    ----------
    effects, errors : pandas.Series, shape (n_studies,)
        Estimates on one scale, and their standard errors.
    between : {"REML", "DL"}
        How the variance between studies is estimated.

    Raises
    ------
    AnalysisError
        If there are fewer than two estimates, or an error is missing or not positive.

    References
    ----------
    DerSimonian, R. & Laird, N. (1986). Controlled Clinical Trials 7, 177-188.
    doi:10.1016/0197-2456(86)90046-2
    Hartung, J. & Knapp, G. (2001). Statistics in Medicine 20, 3875-3889. doi:10.1002/sim.1009
    """
    y, v = _checked(effects, errors, between)
    w = 1 / v
    fixed = (w @ y) / w.sum()
    q = float(w @ (y - fixed) ** 2)
    k = len(y)
    spare = w.sum() - (w @ w) / w.sum()
    tau2 = max(0.0, (q - (k - 1)) / spare)
    if between == "REML":
        tau2 = _reml(y, v, tau2)
    weights = 1 / (v + tau2)
    mean = (weights @ y) / weights.sum()
    # Knapp and Hartung's factor may shrink the error below the plain one: not here.
    factor = max(1.0, float(weights @ (y - mean) ** 2) / (k - 1))
    se = float(np.sqrt(factor / weights.sum()))
    reach = scipy.stats.t.ppf((1 + level) / 2, k - 1) * se
    typical = (k - 1) * w.sum() / (w.sum() ** 2 - w @ w)
    wide = np.nan
    if k >= _FEWEST_TO_PREDICT:
        wide = scipy.stats.t.ppf((1 + level) / 2, k - 2) * np.sqrt(tau2 + se**2)
    return Combined(
        effect=float(mean),
        se=se,
        lower=float(mean - reach),
        upper=float(mean + reach),
        p=float(2 * scipy.stats.t.sf(abs(mean) / se, k - 1)),
        tau2=float(tau2),
        i2=float(tau2 / (tau2 + typical)),
        q=q,
        q_p=float(scipy.stats.chi2.sf(q, k - 1)),
        predicted_lower=float(mean - wide),
        predicted_upper=float(mean + wide),
        studies=k,
    )


def _reml(y: np.ndarray, v: np.ndarray, tau2: float) -> float:
    for _ in range(_STEPS):
        w = 1 / (v + tau2)
        mean = (w @ y) / w.sum()
        w2 = w**2
        new = (w2 @ ((y - mean) ** 2 - v)) / w2.sum() + 1 / w.sum()
        new = max(0.0, float(new))
        if abs(new - tau2) < _CLOSE:
            return new
        tau2 = new
    return tau2


def _checked(effects: pd.Series, errors: pd.Series, between: str) -> tuple[np.ndarray, np.ndarray]:
    if between not in get_args(Between):
        raise AnalysisError(
            "“{between}” is no way to estimate the variance between studies. Choose one of "
            "{options}.",
            between=between,
            options=get_args(Between),
        )
    y = effects.to_numpy(float)
    se = errors.reindex(effects.index).to_numpy(float)
    wrong = int((~np.isfinite(y) | ~(se > 0) | ~np.isfinite(se)).sum())
    if wrong or len(y) < _FEWEST:
        raise AnalysisError(
            "Of {n} estimates, {wrong} lack a value or a positive error; at least two whole "
            "ones are needed. Give each estimate with its standard error.",
            n=len(y),
            wrong=wrong,
        )
    return y, se**2
