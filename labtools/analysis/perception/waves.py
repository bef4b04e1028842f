"""What changed between two waves of a survey, with the covariance that common clusters give.

When to use it: two waves asked in the same way.  When not: if the question, the frame or the
season changed; the difference then says that too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.perception.design import Design
from labtools.analysis.perception.estimates import mean_influence

_NIL = 1e-12


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of a later wave less that of an earlier one.

    Attributes
    ----------
    before, now, value : float
        Both figures, and now less before.
    standard_error, lower, upper, p_value : float
        Of the difference; missing where no two clusters can be compared, and all but the error
        where nothing varies: two unanimous waves are no proof that nothing changed.
    respondents : int
        People who answered, in the wave with fewer of them.
    """

    before: float
    now: float
    value: float
    standard_error: float
    lower: float
    upper: float
    p_value: float
    respondents: int


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave as it was asked.

    Attributes
    ----------
    design : Design
        Of its sample.
    answers : pandas.Series, shape (n_rows,)
        Answers; missing: none.
    stratum, cluster : pandas.Series, shape (n_rows,)
        First-stage names; the same name in both waves is the same cluster.
    """

    design: Design
    answers: pd.Series
    stratum: pd.Series
    cluster: pd.Series


def compare_waves(
    before: Wave,
    now: Wave,
    domains: tuple[pd.Series, pd.Series] | None = None,
    *,
    level: float = 0.95,
) -> Difference:
    """Return how much a mean or share changed from one wave to another.

    Clusters that were drawn in both waves resemble themselves: their covariance is taken off
    the variance.  Without any, the waves are independent samples.  A wave in which all said the
    same is no sure one: its variance is that of one more who said yes and one who said no.

    Parameters
    ----------
    domains : (pandas.Series of bool, pandas.Series of bool), optional
        Rows of each wave to speak of.

    References
    ----------
    Berger, Y. G. & Priam, R. (2016). A simple variance estimator of change for rotating repeated
    surveys. J. R. Stat. Soc. A 179, 251-272. doi:10.1111/rssa.12116

    Agresti, A. & Caffo, B. (2000). Simple and effective confidence intervals for proportions and
    differences of proportions. Am. Stat. 54, 280-288. doi:10.1080/00031305.2000.10474560
    """
    inside = domains or (None, None)
    waves = [_moved(wave, domain) for wave, domain in zip((before, now), inside, strict=True)]
    (first, first_moved, first_rows), (last, last_moved, last_rows) = waves
    variances = [
        float(wave.design.covariance(moved, rows)[0, 0])
        for wave, moved, rows in (
            (before, first_moved, first_rows),
            (now, last_moved, last_rows),
        )
    ]
    if first != last:
        extremes = ((before, first, first_rows), (now, last, last_rows))
        variances = [
            _smoothed(wave, share, rows) if share in {0.0, 1.0} and variance <= _NIL else variance
            for (wave, share, rows), variance in zip(extremes, variances, strict=True)
        ]
    shared = _covariance(before, first_moved, now, last_moved)
    limit = float(np.sqrt(variances[0] * variances[1]))
    variance = sum(variances) - 2 * float(np.clip(shared, -limit, limit))
    # The same people with the same answers: what is left is how computers add, not chance.
    variance = variance if variance > _NIL * sum(variances) else 0.0
    freedom = min(
        wave.design.degrees_of_freedom(rows)
        for wave, rows in ((before, first_rows), (now, last_rows))
    )
    error = float(np.sqrt(max(variance, 0.0))) if freedom >= 1 else np.nan
    return difference(
        (first, last), error, freedom, int(min(first_rows.sum(), last_rows.sum())), level=level
    )


def difference(
    pair: tuple[float, float], error: float, freedom: float, respondents: int, *, level: float
) -> Difference:
    """Return the difference of two figures with Student's interval and two-sided p-value."""
    value = pair[1] - pair[0]
    usable = error > 0 and freedom >= 1
    reach = float(scipy.stats.t.ppf((1 + level) / 2, freedom)) * error if usable else np.nan
    p_value = 2 * float(scipy.stats.t.sf(abs(value) / error, freedom)) if usable else np.nan
    return Difference(*pair, value, error, value - reach, value + reach, p_value, respondents)


def _moved(wave: Wave, domain: pd.Series | None) -> tuple[float, np.ndarray, np.ndarray]:
    mean, moved = mean_influence(wave.design, wave.answers, domain)
    rows = wave.answers.notna().to_numpy(bool) & (wave.design.weight > 0)
    if domain is not None:
        rows = rows & domain.reindex(wave.answers.index).fillna(value=False).to_numpy(bool)
    return mean, moved, rows


def _smoothed(wave: Wave, share: float, rows: np.ndarray) -> float:
    """Return the variance of a unanimous share: its clusters count as people at worst."""
    if (
        wave.answers[rows].min() < wave.answers[rows].max()
    ):  # a mean that happens to be 0 or 1, and no share
        return 0.0
    n = wave.design.degrees_of_freedom(rows) + 1 + 2
    moved = (share * (n - 2) + 1) / n
    return moved * (1 - moved) / n


def _covariance(before: Wave, first_moved: np.ndarray, now: Wave, last_moved: np.ndarray) -> float:
    """Return the covariance of both figures through the clusters drawn twice."""
    earlier = len(first_moved)
    stratum = pd.factorize(pd.concat([before.stratum, now.stratum]))[0]
    name = pd.factorize(pd.concat([before.cluster, now.cluster]))[0]
    pairs, unit = np.unique(stratum * (name.max() + 1) + name, return_inverse=True)
    within = pairs // (name.max() + 1)
    drawn, away, sizes = [], [], []
    for rows, moved in ((unit[:earlier], first_moved), (unit[earlier:], last_moved)):
        asked = np.bincount(rows, minlength=len(pairs)) > 0
        total = np.bincount(rows, moved, len(pairs))
        size = np.bincount(within[asked], minlength=within.max() + 1)
        centre = np.bincount(within, total) / np.maximum(size, 1)
        drawn.append(asked)
        away.append(total - centre[within])
        sizes.append(size)
    both = drawn[0] & drawn[1]
    least = np.minimum(*sizes)[within[both]]
    scale = np.where(least > 1, least / np.maximum(least - 1, 1), 0.0)
    return float((away[0][both] * away[1][both] * scale).sum())
