"""Whether a map as a whole has likeness among neighbours: Moran, Geary and Getis-Ord.

When to use it: before pointing at areas; a map without likeness has no clusters to tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.hotspots.local_statistics import known_part, row_standardise


@dataclass(frozen=True, slots=True)
class GlobalStatistic:
    """One figure for the whole map, under total randomisation.

    Attributes
    ----------
    statistic, expected, variance, z : float
        Islands take no part.
    p_value : float
        Two-sided.
    p_likeness : float
        One-sided: neighbours more alike than chance (for G: high values gather).
    """

    statistic: float
    expected: float
    variance: float
    z: float
    p_value: float
    p_likeness: float


def global_moran(values: pd.Series, neighbours: scipy.sparse.csr_array) -> GlobalStatistic:
    """Return Moran's I with weights whose rows add up to one.

    References
    ----------
    Cliff, A. D. & Ord, J. K. (1981). Spatial Processes. Pion.
    """
    x, w = _connected(values, neighbours)
    n, z = len(x), x - x.mean()
    s0, s1, s2 = _sums(w)
    b2 = (z**4).mean() / (z**2).mean() ** 2
    statistic = n / s0 * (z @ (w @ z)) / (z @ z)
    expected = -1 / (n - 1)
    first = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    second = b2 * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    variance = (first - second) / ((n - 1) * (n - 2) * (n - 3) * s0**2) - expected**2
    return _judge(statistic, expected, variance)


def global_geary(values: pd.Series, neighbours: scipy.sparse.csr_array) -> GlobalStatistic:
    """Return Geary's C with weights whose rows add up to one; below 1 neighbours are alike."""
    x, w = _connected(values, neighbours)
    n, z = len(x), x - x.mean()
    s0, s1, s2 = _sums(w)
    b2 = (z**4).mean() / (z**2).mean() ** 2
    pairs = w.tocoo()
    squares = (pairs.data * (x[pairs.coords[0]] - x[pairs.coords[1]]) ** 2).sum()
    statistic = (n - 1) * squares / (2 * s0 * (z @ z))
    variance = (
        (n - 1) * s1 * (n**2 - 3 * n + 3 - (n - 1) * b2)
        - 0.25 * (n - 1) * s2 * (n**2 + 3 * n - 6 - (n**2 - n + 2) * b2)
        + s0**2 * (n**2 - 3 - (n - 1) ** 2 * b2)
    ) / (n * (n - 2) * (n - 3) * s0**2)
    judged = _judge(statistic, 1.0, variance)
    return GlobalStatistic(
        judged.statistic,
        1.0,
        variance,
        judged.z,
        judged.p_value,
        float(scipy.stats.norm.cdf(judged.z)),
    )


def global_g(values: pd.Series, neighbours: scipy.sparse.csr_array) -> GlobalStatistic:
    """Return Getis and Ord's G with binary weights: whether high values gather.

    For values that are not negative.

    References
    ----------
    Getis, A. & Ord, J. K. (1992). The analysis of spatial association by use of distance
    statistics. Geographical Analysis 24, 189-206. doi:10.1111/j.1538-4632.1992.tb00261.x
    """
    x, _, w = known_part(values, neighbours)
    n = len(x)
    s0, s1, s2 = _sums(w)
    m1, m2, m3, m4 = ((x**k).sum() for k in (1, 2, 3, 4))
    statistic = (x @ (w @ x)) / (m1**2 - m2)
    expected = s0 / (n * (n - 1))
    squares = (n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2
    b1 = -((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    b2 = -(2 * n * s1 - (n + 3) * s2 + 6 * s0**2)
    b3 = 4 * (n - 1) * s1 - 2 * (n + 1) * s2 + 8 * s0**2
    b4 = s1 - s2 + s0**2
    whole = squares * m2**2 + b1 * m4 + b2 * m1**2 * m2 + b3 * m1 * m3 + b4 * m1**4
    below = (m1**2 - m2) ** 2 * n * (n - 1) * (n - 2) * (n - 3)
    return _judge(statistic, expected, whole / below - expected**2)


def _connected(
    values: pd.Series, neighbours: scipy.sparse.csr_array
) -> tuple[np.ndarray, scipy.sparse.csr_array]:
    known = values.notna().to_numpy()
    among = scipy.sparse.csr_array((neighbours > 0).astype(float)) * known[None, :]
    degree = np.asarray(scipy.sparse.csr_array(among).sum(axis=1)).ravel()
    x, _, binary = known_part(values.where(degree > 0), neighbours)
    return x, row_standardise(binary)


def _sums(w: scipy.sparse.csr_array) -> tuple[float, float, float]:
    s1 = 0.5 * (w + w.T).power(2).sum()
    s2 = ((np.asarray(w.sum(axis=0)).ravel() + np.asarray(w.sum(axis=1)).ravel()) ** 2).sum()
    return float(w.sum()), float(s1), float(s2)


def _judge(statistic: float, expected: float, variance: float) -> GlobalStatistic:
    z = (statistic - expected) / np.sqrt(variance)
    return GlobalStatistic(
        float(statistic),
        float(expected),
        float(variance),
        float(z),
        float(2 * scipy.stats.norm.sf(abs(z))),
        float(scipy.stats.norm.sf(z)),
    )
