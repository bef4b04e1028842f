"""Kulldorff's scan: the circle, or cylinder, of areas with the greatest excess of events.

When to use it: to look for one compact cluster of any size, in space or alive in the latest
periods.  By default the null has counts that vary as much as those of areas do (negative
binomial): with a Poisson null nearly every map of real crime counts has a "cluster".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.hotspots.zones import Zones, nested_zones
from labtools.analysis.smoothing import fit_gamma_poisson
from labtools.errors import AnalysisError

Null = Literal["negative binomial", "poisson", "bernoulli"]


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Clusters that do not overlap, the likeliest first.

    Attributes
    ----------
    clusters : pandas.DataFrame
        ``areas`` (tuple of keys), ``periods`` (how many of the latest; 1 without time),
        ``observed``, ``expected``, ``ratio``, ``likelihood_ratio`` (logarithm), ``p_value``.
    null : str
        What counts do when nothing is there.
    size : float
        Of the negative binomial null; ``inf`` is Poisson.
    """

    clusters: pd.DataFrame
    null: Null
    size: float

    def frame(self) -> pd.DataFrame:
        """Return the clusters."""
        return self.clusters


@dataclass(frozen=True, slots=True)
class _Search:
    """What does not depend on the counts: made once for all replicates.

    Attributes
    ----------
    zones : Zones
    share, log_out, odds : numpy.ndarray, shape (n_windows, n_zones)
        Share of the expected events inside, the logarithm of the share outside, and this less
        the logarithm of the share inside.
    people : numpy.ndarray, optional
        By area, with the Bernoulli null.
    """

    zones: Zones
    share: np.ndarray
    log_out: np.ndarray
    odds: np.ndarray
    people: np.ndarray | None

    @property
    def windows(self) -> int:
        """How many spans of the latest periods are looked at."""
        return len(self.share)


def scan_areas(
    events: pd.Series,
    expected: pd.Series,
    places: pd.DataFrame,
    *,
    null: Null = "negative binomial",
    replicates: int = 999,
    seed: int = 0,
) -> ScanResult:
    """Look for clusters of areas, in circles of up to half the expected events.

    Parameters
    ----------
    events, expected : pandas.Series
        By area.  With the Bernoulli null `expected` is the number of trials (people).
    places : pandas.DataFrame, shape (n_areas, 2)
        Plane coordinates of the areas, in a unit of length.

    Raises
    ------
    AnalysisError
        If a count is missing, an expected count is not above zero anywhere, or nothing
        happened.

    References
    ----------
    Kulldorff, M. (1997). A spatial scan statistic. Communications in Statistics 26,
    1481-1496. doi:10.1080/03610929708831995
    """
    cube, weights = events.to_numpy(float)[:, None], expected.reindex(events.index)
    return _scan(
        cube, weights.to_numpy(float)[:, None], (events.index, places), null, replicates, seed
    )


def scan_recent(
    events: pd.DataFrame,
    expected: pd.DataFrame,
    places: pd.DataFrame,
    *,
    null: Null = "negative binomial",
    replicates: int = 999,
    seed: int = 0,
) -> ScanResult:
    """Look for clusters alive in the latest periods: cylinders that end with the last one.

    `events` and `expected` are by area (rows) and period (columns, in order); a cylinder
    spans up to half of the periods.  Otherwise as :func:`scan_areas`.

    References
    ----------
    Kulldorff, M. (2001). Prospective time periodic geographical disease surveillance using a
    scan statistic. J. R. Stat. Soc. A 164, 61-72. doi:10.1111/1467-985X.00186
    """
    weights = expected.reindex(index=events.index, columns=events.columns)
    if null == "bernoulli":
        raise AnalysisError(
            "The Bernoulli null is for areas without time, and {n} periods were given. Choose "
            "the negative binomial one.",
            n=events.shape[1],
        )
    return _scan(
        events.to_numpy(float),
        weights.to_numpy(float),
        (events.index, places),
        null,
        replicates,
        seed,
    )


def _scan(
    cube: np.ndarray,
    weights: np.ndarray,
    where: tuple[pd.Index, pd.DataFrame],
    null: Null,
    replicates: int,
    seed: int,
) -> ScanResult:
    keys, places = where
    _check(cube, weights, keys)
    zones = nested_zones(places.reindex(keys).to_numpy(float), weights.sum(axis=1))
    size = _size(cube, weights) if null == "negative binomial" else np.inf
    search = _search(zones, weights, weights[:, 0] if null == "bernoulli" else None)
    rng = np.random.default_rng(seed)
    draws = (_draw(rng, cube.sum(), weights, size, null) for _ in range(replicates))
    tops = np.array([_highest(search, drawn) for drawn in draws])
    found = _report(search, cube, weights, keys)
    p = [(1 + (tops >= v).sum()) / (replicates + 1) for v in found["likelihood_ratio"]]
    return ScanResult(found.assign(p_value=p), null, size)


def _search(zones: Zones, weights: np.ndarray, people: np.ndarray | None) -> _Search:
    windows = max(1, weights.shape[1] // 2)
    inside = [zones.sums(_last(weights, w)) for w in range(1, windows + 1)]
    share = np.clip(np.stack(inside) / weights.sum(), 1e-300, 1 - 1e-12)
    log_out = np.log1p(-share)
    return _Search(zones, share, log_out, log_out - np.log(share), people)


def _check(cube: np.ndarray, weights: np.ndarray, keys: pd.Index) -> None:
    missing = np.isnan(cube).any(axis=1) | ~(weights.min(axis=1) >= 0)
    if missing.any():
        raise AnalysisError(
            "The scan needs a count and an expected count for every area, and {n} lack one; the "
            "first is {first}. Leave those areas out.",
            n=int(missing.sum()),
            first=keys[missing][0],
        )
    if cube.sum() <= 0 or weights.sum() <= 0:
        raise AnalysisError(
            "There is nothing to scan: {events} events and {expected} expected, over {n} areas. "
            "Use a longer period.",
            events=cube.sum(),
            expected=weights.sum(),
            n=len(keys),
        )


def _size(cube: np.ndarray, weights: np.ndarray) -> float:
    counts = pd.Series(cube.ravel())
    return fit_gamma_poisson(counts, pd.Series(weights.ravel())).shape


def _last(cube: np.ndarray, periods: int) -> np.ndarray:
    return np.asarray(cube[:, cube.shape[1] - periods :].sum(axis=1))


def _draw(
    rng: np.random.Generator, total: float, weights: np.ndarray, size: float, null: Null
) -> np.ndarray:
    """Return counts when nothing is there, of the shape of `weights`."""
    shares = weights.ravel() / weights.sum()
    if null == "bernoulli":
        people = weights.ravel().astype(np.int64)
        drawn = rng.multivariate_hypergeometric(people, int(total), method="marginals")
    elif np.isinf(size):
        drawn = rng.multinomial(int(total), shares)
    else:
        drawn = rng.poisson(total * shares * rng.gamma(size, 1 / size, len(shares)))
    return np.asarray(drawn, float).reshape(weights.shape)


def _highest(search: _Search, cube: np.ndarray) -> float:
    ratio, excess = _ratios(search, cube)
    return float(ratio.max(where=excess, initial=0.0))


def _statistics(search: _Search, cube: np.ndarray) -> np.ndarray:
    """Return the log likelihood ratio, shape (n_windows, n_zones); 0 without an excess."""
    ratio, excess = _ratios(search, cube)
    return np.where(excess, np.maximum(ratio, 0.0), 0.0)


def _ratios(search: _Search, cube: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the log likelihood ratio of every zone, and where there is an excess."""
    total = int(cube.sum())
    whole = cube.astype(np.int32)
    count = np.stack([search.zones.sums(_last(whole, w)) for w in range(1, search.windows + 1)])
    k = np.arange(total + 1)
    both = scipy.special.xlogy(k, k) + scipy.special.xlogy(total - k, total - k)
    if search.people is None:
        ratio = both[count] - scipy.special.xlogy(total, total)
        ratio += count * search.odds - total * search.log_out
        share = search.share
    else:
        inside = search.zones.sums(search.people)[None, :]
        people = search.people.sum()
        share = inside / people
        left_in, left_out = inside - count, people - inside - (total - count)
        ratio = both[count] - scipy.special.xlogy(total, total / people)
        ratio += scipy.special.xlogy(left_in, left_in) + scipy.special.xlogy(left_out, left_out)
        ratio -= scipy.special.xlogy(inside, inside) + scipy.special.xlogy(
            people - inside, people - inside
        )
        ratio -= scipy.special.xlogy(people - total, (people - total) / people)
    return ratio, count > total * share


def _report(search: _Search, cube: np.ndarray, weights: np.ndarray, keys: pd.Index) -> pd.DataFrame:
    statistics = _statistics(search, cube)
    rank = search.zones.ranks()
    best = np.argsort(-statistics, axis=None, kind="stable")
    best = best[: np.count_nonzero(statistics > 0)]
    centre, last = search.zones.ends()
    n_zones, rows = statistics.shape[1], []
    while len(best):
        window, zone = divmod(int(best[0]), n_zones)
        members = search.zones.order[centre[zone], : last[zone] + 1]
        observed = _last(cube, window + 1)[members].sum()
        due = _last(weights, window + 1)[members].sum() * cube.sum() / weights.sum()
        rows.append(
            {
                "areas": tuple(keys[np.sort(members)]),
                "periods": window + 1,
                "observed": observed,
                "expected": due,
                "ratio": observed / due,
                "likelihood_ratio": statistics[window, zone],
            }
        )
        # Zones of a centre are nested: those that end before the first area taken are free.
        free = last < rank[:, members].min(axis=1)[centre]
        best = best[free[best % n_zones]]
    columns = ["areas", "periods", "observed", "expected", "ratio", "likelihood_ratio"]
    return pd.DataFrame(rows, columns=columns)


def besag_newell(
    events: pd.Series, expected: pd.Series, places: pd.DataFrame, *, k: int
) -> pd.DataFrame:
    """Return, by area, how many nearest areas hold `k` events, and how surprising that is.

    Returns
    -------
    pandas.DataFrame
        ``areas_needed`` (the area itself included) and ``p_value``: the probability of as
        many events among them as there are (at least `k`), were the counts Poisson.

    References
    ----------
    Besag, J. & Newell, J. (1991). The detection of clusters in rare diseases. J. R. Stat.
    Soc. A 154, 143-155. doi:10.2307/2982708
    """
    cube, due = events.to_numpy(float), expected.reindex(events.index).to_numpy(float)
    _check(cube[:, None], due[:, None], events.index)
    if cube.sum() < k:
        raise AnalysisError(
            "Besag and Newell's test asks for {k} events together, and there are {n} in all. Ask "
            "for fewer.",
            k=k,
            n=cube.sum(),
        )
    xy = places.reindex(events.index).to_numpy(float)
    order = np.argsort(
        np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)), axis=1, kind="stable"
    )
    events_near = np.cumsum(cube[order], axis=1)
    needed = (events_near >= k).argmax(axis=1)
    at = np.arange(len(order)), needed
    among = np.cumsum(due[order], axis=1)[at]
    return pd.DataFrame(
        {"areas_needed": needed + 1, "p_value": scipy.stats.poisson.sf(events_near[at] - 1, among)},
        index=events.index,
    )
