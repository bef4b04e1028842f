"""Which areas stand out together with their neighbours: local Moran and Gi*.

When to use it: to find groups of alike neighbours among areas, on rates standardised for
the size of each area (:func:`standardise_rates`).  When not: on raw rates, whose extremes
are the smallest areas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.multiplicity import adjust_p_values
from labtools.errors import AnalysisError

ENOUGH_AREAS = 4
_FEWEST_PERMUTATIONS = 9_999


@dataclass(frozen=True, slots=True)
class LocalStatistics:
    """One statistic for each area, tested on both sides.

    Attributes
    ----------
    table : pandas.DataFrame
        By area: ``statistic``, ``expected``, ``variance``, ``z``, ``p_value``,
        ``adjusted`` (Benjamini-Hochberg) and ``kind``: ``high`` or ``low`` for Gi*;
        ``high-high``, ``low-low``, ``high-low``, ``low-high`` for Moran.  An area
        without a value, or without neighbours where they are needed, is missing.
    level : float
        Share of false discoveries that the analyst accepts.
    """

    table: pd.DataFrame
    level: float

    def found(self) -> pd.DataFrame:
        """Return the areas that stand out after adjustment."""
        return self.table[self.table["adjusted"] <= self.level]

    def frame(self) -> pd.DataFrame:
        """Return the table of all areas, and whether each one is ``found``."""
        return self.table.assign(found=self.table["adjusted"] <= self.level)


def standardise_rates(events: pd.Series, exposure: pd.Series) -> pd.Series:
    """Return rates in units of their own spread: Assunção and Reis's empirical-Bayes index.

    An area without exposure or with a missing count is missing and spoils no other.

    References
    ----------
    Assunção, R. M. & Reis, E. A. (1999). A new proposal to adjust Moran's I for population
    density. Statistics in Medicine 18, 2147-2162.
    doi:10.1002/(SICI)1097-0258(19990830)18:16<2147::AID-SIM179>3.0.CO;2-I
    """
    at_risk = exposure.reindex(events.index)
    known = events.notna() & (at_risk > 0)
    n, e = events[known].to_numpy(float), at_risk[known].to_numpy(float)
    if not n.sum():
        return pd.Series(0.0, index=events.index).where(known)
    mean, raw = n.sum() / e.sum(), n / e
    between = (e * (raw - mean) ** 2).sum() / e.sum() - mean / e.mean()
    variance = between + mean / e
    variance = np.where(variance > 0, variance, mean / e)
    return pd.Series((raw - mean) / np.sqrt(variance), index=events.index[known]).reindex(
        events.index
    )


def local_moran(
    values: pd.Series,
    neighbours: scipy.sparse.csr_array,
    *,
    permutations: int = 0,
    with_replacement: bool = False,
    seed: int = 0,
    level: float = 0.05,
) -> LocalStatistics:
    """Test each area for likeness, or unlikeness, with its neighbours (rows weigh one).

    Parameters
    ----------
    values : pandas.Series, shape (n_areas,)
    neighbours : scipy.sparse.csr_array, shape (n_areas, n_areas)
        Above zero where two areas are neighbours; the diagonal does not count.
    permutations : int
        0 for the analytic test under total randomisation; else at least 9,999 conditional
        permutations of the other areas.
    with_replacement : bool
        Draw the neighbours with replacement, as spdep does, which widens the chance
        distribution; without it, the true permutation.

    Raises
    ------
    AnalysisError
        If fewer than four areas have a value, if all values are equal, or if the
        permutations are too few.

    References
    ----------
    Anselin, L. (1995). Local indicators of spatial association. Geographical Analysis 27,
    93-115. doi:10.1111/j.1538-4632.1995.tb00338.x
    Sokal, R. R., Oden, N. L. & Thomson, B. A. (1998). Local spatial autocorrelation in a
    biological model. Geographical Analysis 30, 331-354.
    """
    x, known, weights = known_part(values, neighbours)
    weights = row_standardise(weights)
    n, z = len(x), x - x.mean()
    m2 = (z**2).mean()
    sums = np.asarray(weights.sum(axis=1)).ravel()
    lag = weights @ z
    squares = np.asarray(weights.power(2).sum(axis=1)).ravel()
    expected = -(z**2) * sums / ((n - 1) * m2)
    variance = (z / m2) ** 2 * (n / (n - 2)) * (squares - sums**2 / (n - 1)) * (m2 - z**2 / (n - 1))
    kind = np.where(z > 0, "high", "low") + np.where(lag > 0, "-high", "-low")
    table = pd.DataFrame(
        {"statistic": z * lag / m2, "expected": expected, "variance": variance, "kind": kind},
        index=values.index[known],
    )
    table[sums == 0] = np.nan
    p = (
        _permuted(z, weights, _orders(n, permutations, seed, replace=with_replacement))
        if permutations
        else None
    )
    return _tested(table, p, permutations, values.index, level)


def local_g_star(
    values: pd.Series, neighbours: scipy.sparse.csr_array, *, level: float = 0.05
) -> LocalStatistics:
    """Test whether each area with its neighbours is high or low: Getis and Ord's Gi*.

    The analytic test; an area without neighbours speaks for itself alone.

    Raises
    ------
    AnalysisError
        If fewer than four areas have a value, or all values are equal.

    References
    ----------
    Ord, J. K. & Getis, A. (1995). Local spatial autocorrelation statistics. Geographical
    Analysis 27, 286-306. doi:10.1111/j.1538-4632.1995.tb00912.x
    """
    x, known, weights = known_part(values, neighbours)
    weights = scipy.sparse.csr_array(weights + scipy.sparse.eye_array(len(x)))
    table = _gathered(x, weights, (x.mean(), x.var()), len(x)).set_axis(values.index[known])
    return _tested(table, None, 0, values.index, level)


def local_g(
    values: pd.Series, neighbours: scipy.sparse.csr_array, *, level: float = 0.05
) -> LocalStatistics:
    """Test whether the neighbours of each area are high or low: Getis and Ord's Gi.

    Unlike Gi*, the area itself takes no part, nor does its value in the mean and spread it is
    held against.  The analytic test; an area without neighbours is missing.

    Raises
    ------
    AnalysisError
        If fewer than four areas have a value, or all values are equal.

    References
    ----------
    Ord, J. K. & Getis, A. (1995). Local spatial autocorrelation statistics. Geographical
    Analysis 27, 286-306. doi:10.1111/j.1538-4632.1995.tb00912.x
    """
    x, known, weights = known_part(values, neighbours)
    n = len(x)
    others = (x.sum() - x) / (n - 1)
    spread = ((x**2).sum() - x**2) / (n - 1) - others**2
    table = _gathered(x, weights, (others, spread), n - 1).set_axis(values.index[known])
    table[np.asarray(weights.sum(axis=1)).ravel() == 0] = np.nan
    return _tested(table, None, 0, values.index, level)


def _gathered(
    x: np.ndarray,
    weights: scipy.sparse.csr_array,
    moments: tuple[np.ndarray | float, np.ndarray | float],
    n: int,
) -> pd.DataFrame:
    """Return sums of values around each area beside those of `n` areas at random.

    Parameters
    ----------
    moments : tuple
        Mean and variance of what each area is held against.
    n : int
        How many areas those are.
    """
    sums = np.asarray(weights.sum(axis=1)).ravel()
    squares = np.asarray(weights.power(2).sum(axis=1)).ravel()
    mean, spread = moments
    statistic, expected = weights @ x, sums * mean
    variance = spread * (n * squares - sums**2) / (n - 1)
    return pd.DataFrame(
        {
            "statistic": statistic,
            "expected": expected,
            "variance": np.maximum(variance, 0.0),
            "kind": np.where(statistic > expected, "high", "low"),
        }
    )


def known_part(
    values: pd.Series, neighbours: scipy.sparse.csr_array
) -> tuple[np.ndarray, np.ndarray, scipy.sparse.csr_array]:
    """Return the known values, where they are, and the binary weights among them."""
    if neighbours.shape != (len(values), len(values)):
        raise AnalysisError(
            "The neighbours must be a square of {n} areas, as many as the values, and they are "
            "{shape}. Make them from the same list of areas.",
            n=len(values),
            shape=neighbours.shape,
        )
    known = values.notna().to_numpy()
    x = values.to_numpy(float)[known]
    if len(x) < ENOUGH_AREAS or np.ptp(x) == 0:
        raise AnalysisError(
            "Whether neighbours are alike needs at least {needed} areas with values that differ; "
            "{n} have a value, of {distinct} different ones. Use more areas or a longer period.",
            needed=ENOUGH_AREAS,
            n=len(x),
            distinct=len(np.unique(x)),
        )
    binary = scipy.sparse.csr_array((neighbours > 0).astype(float))
    binary = scipy.sparse.csr_array(binary[known][:, known])
    binary.setdiag(0)
    binary.eliminate_zeros()
    return x, known, binary


def row_standardise(binary: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """Return the weights with rows that add up to one; the rows of islands stay empty."""
    sums = np.asarray(binary.sum(axis=1)).ravel()
    share = np.divide(1.0, sums, out=np.zeros(len(sums)), where=sums > 0)
    return scipy.sparse.csr_array(scipy.sparse.diags_array(share) @ binary)


def _orders(n: int, permutations: int, seed: int, *, replace: bool) -> np.ndarray:
    """Return which of the other areas stand in for the neighbours, by permutation."""
    if permutations < _FEWEST_PERMUTATIONS:
        raise AnalysisError(
            "The local test needs at least {needed} permutations, and {n} were asked for. Ask "
            "for more, or for none: the analytic test.",
            needed=_FEWEST_PERMUTATIONS,
            n=permutations,
        )
    rng = np.random.default_rng(seed)
    if replace:
        return rng.integers(n - 1, size=(permutations, n - 1))
    return rng.permuted(np.tile(np.arange(n - 1), (permutations, 1)), axis=1)


def _permuted(z: np.ndarray, weights: scipy.sparse.csr_array, order: np.ndarray) -> np.ndarray:
    """Return two-sided p-values: the neighbours' values drawn from all the other areas."""
    permutations, degree = len(order), np.diff(weights.indptr)
    p = np.ones(len(z))
    for area in np.flatnonzero(degree):
        own = weights.data[weights.indptr[area] : weights.indptr[area + 1]]
        others = np.delete(z, area)
        drawn = others[order[:, : degree[area]]] @ own
        real = own @ z[weights.indices[weights.indptr[area] : weights.indptr[area + 1]]]
        one_side = min((drawn >= real - 1e-12).sum(), (drawn <= real + 1e-12).sum())
        p[area] = min(1.0, 2 * (one_side + 1) / (permutations + 1))
    return p


def _tested(
    table: pd.DataFrame,
    p_values: np.ndarray | None,
    permutations: int,
    index: pd.Index,
    level: float,
) -> LocalStatistics:
    spread = np.sqrt(table["variance"].where(table["variance"] > 0))
    z = (table["statistic"] - table["expected"]) / spread
    analytic = pd.Series(2 * scipy.stats.norm.sf(z.abs()), index=table.index)
    p = analytic if p_values is None else pd.Series(p_values, table.index).where(z.notna())
    least = 2 / (permutations + 1) if permutations else 0.0
    columns = ["statistic", "expected", "variance", "z", "p_value", "adjusted", "kind"]
    table = table.assign(
        z=z, p_value=p, adjusted=adjust_p_values(p, level=level, smallest_possible=least)
    )
    return LocalStatistics(table[columns].reindex(index), level)
