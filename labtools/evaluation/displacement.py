"""Weighted displacement difference: did crime fall here, and did it move next door.

When to use it: one treated set of places, one comparison set, counts before and after.
When not: with monthly counts of many places (use group-time effects), or for one colonia.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from labtools.errors import AnalysisError
from labtools.evaluation.choice import Chosen, refuse_by_records

_ENOUGH_EVENTS = 20
_ENOUGH_PAIRS = 10
#: Above this variance over mean an exact Poisson test of 5 % errs more than 7 % of the time.
_NEARLY_POISSON = 1.15
NOT_USED = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class DisplacementDifference:
    """Change in events beyond the comparison's, in place, in the ring and in all.

    Attributes
    ----------
    local, ring, total : float
        Events (per area weight and time weight where given); negative is a fall.
    local_se, ring_se, total_se : float
        Standard errors, already multiplied by the root of `dispersion`.
    lower, upper : float
        Interval of `total`.
    z, p : float
        Normal test of no total change.
    dispersion : float
        Variance over mean of the counts.
    """

    local: float
    local_se: float
    ring: float
    ring_se: float
    total: float
    total_se: float
    lower: float
    upper: float
    z: float
    p: float
    dispersion: float


def estimate_dispersion(counts: np.ndarray, *, chosen: Chosen = "otherwise") -> float:
    """Return the variance over the mean of counts before the programme, never below 1.

    Parameters
    ----------
    counts : numpy.ndarray, shape (n_areas, n_periods)
        Periods of the same length as the windows to be compared, and as far apart: places drift,
        so that two years in a row vary less than two with three between.  Areas' and periods'
        own levels are taken out; squares are summed before they are divided by the events.
    chosen : {"by_records", "by_lottery", "otherwise"}
        How places were chosen; for their records, no dispersion mends the test, and
        it is refused.

    Raises
    ------
    AnalysisError
        If a count is missing or negative, there are fewer than ten degrees of freedom, or places
        were chosen for their records.
    """
    refuse_by_records(chosen)
    table = np.atleast_2d(np.asarray(counts, float))
    if not np.isfinite(table).all() or (table < 0).any():
        raise AnalysisError("Some counts are missing or negative. Give complete counts.")
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    if freedom < _ENOUGH_PAIRS:
        raise AnalysisError(
            "The dispersion needs {needed} degrees of freedom and the earlier counts leave {n}. "
            "Give more areas or more periods before the programme.",
            needed=_ENOUGH_PAIRS,
            n=max(freedom, 0),
        )
    areas, periods = (table.sum(axis=axis) / table.sum() for axis in (1, 0))
    expected = np.outer(areas, periods) * table.sum()
    # Of the sum that is compared: places with many events weigh as much as they do in it.  Each
    # cell's fitted levels take up its share of both margins: what is left varies by the rest.
    left = expected * np.outer(1 - areas, 1 - periods)
    spread = ((table - expected) ** 2).sum() / left.sum()
    return max(1.0, float(spread))


def weighted_displacement_difference(
    treated: tuple[float, float],
    control: tuple[float, float],
    *,
    dispersion: float,
    ring: tuple[tuple[float, float], tuple[float, float]] = (NOT_USED, NOT_USED),
    weights: tuple[np.ndarray, np.ndarray] | None = None,
    level: float = 0.95,
) -> DisplacementDifference:
    """Return the weighted displacement difference of (before, after) counts.

    Parameters
    ----------
    treated, control : tuple of float
        Events before and after.
    dispersion : float
        Variance over mean; 1 is Poisson.  Take it from :func:`estimate_dispersion`: with 1
        the test errs two to seven times too often on counts that vary more.
    ring : pair of tuples
        (before, after) of the treated ring, then of the control ring.
    weights : pair of arrays, optional
        Divisors: of the periods (before, after) and of the areas (control, treated, control
        ring, treated ring), as lengths of time or sizes.
    level : float, default 0.95
        Coverage of the interval.

    Raises
    ------
    AnalysisError
        If the counts are too few for a normal test, or the dispersion is below 1.

    References
    ----------
    Wheeler, A. P. & Ratcliffe, J. H. (2018). A simple weighted displacement difference test
    to evaluate place based crime interventions. Crime Science 7, 11.
    doi:10.1186/s40163-018-0085-5
    """
    _check(treated, control, dispersion)
    counts = np.array([control, treated, ring[1], ring[0]], float)
    period, area = weights or (np.ones(2), np.ones(4))
    divisor = np.outer(area, period)
    signs = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]])
    effects = (signs * counts / divisor).sum(axis=1)
    variances = dispersion * (counts / divisor**2).sum(axis=1)
    total, total_se = effects.sum(), np.sqrt(variances.sum())
    reach = scipy.stats.norm.ppf((1 + level) / 2) * total_se
    z = total / total_se
    return DisplacementDifference(
        local=float(effects[:2].sum()),
        local_se=float(np.sqrt(variances[:2].sum())),
        ring=float(effects[2:].sum()),
        ring_se=float(np.sqrt(variances[2:].sum())),
        total=float(total),
        total_se=float(total_se),
        lower=float(total - reach),
        upper=float(total + reach),
        z=float(z),
        p=float(2 * scipy.stats.norm.sf(abs(z))),
        dispersion=dispersion,
    )


def harm_dispersion(counts: np.ndarray, harm: np.ndarray, *, chosen: Chosen = "otherwise") -> float:
    """Return the variance of summed harm over that of independent Poisson kinds, never below 1.

    Parameters
    ----------
    counts : numpy.ndarray, shape (n_kinds, n_areas, n_periods)
        Before the programme, as for :func:`estimate_dispersion`.
    harm : numpy.ndarray, shape (n_kinds,)
    chosen : {"by_records", "by_lottery", "otherwise"}

    Raises
    ------
    AnalysisError
        As for :func:`estimate_dispersion`.
    """
    table = np.asarray(counts, float)
    totals = table.sum(axis=(1, 2))
    # In units in which Poisson kinds would vary as much as their mean.
    unit = float((harm**2 @ totals) / (harm @ totals)) if harm @ totals > 0 else 1.0
    return estimate_dispersion(np.tensordot(harm, table, axes=1) / unit, chosen=chosen)


def harm_weighted_difference(
    counts: np.ndarray, harm: np.ndarray, *, dispersion: float, level: float = 0.95
) -> DisplacementDifference:
    """Return the difference summed over kinds of crime, each weighted by its harm.

    Parameters
    ----------
    counts : numpy.ndarray, shape (n_kinds, 4)
        Comparison before and after, then treated before and after.
    harm : numpy.ndarray, shape (n_kinds,)
        Weight of one event of each kind.
    dispersion : float
        Take it from :func:`harm_dispersion`: kinds of crime rise together, so that their sum
        varies more than each of them.

    Raises
    ------
    AnalysisError
        If the counts are too few for a normal test, or the dispersion is below 1.
    """
    table = np.asarray(counts, float)
    control, treated = table[:, :2].sum(axis=0), table[:, 2:].sum(axis=0)
    _check((treated[0], treated[1]), (control[0], control[1]), dispersion)
    total = float(harm @ (table @ np.array([1.0, -1.0, -1.0, 1.0])))
    error = float(np.sqrt(dispersion * (harm**2 @ table.sum(axis=1))))
    reach = scipy.stats.norm.ppf((1 + level) / 2) * error
    return DisplacementDifference(
        local=total,
        local_se=error,
        ring=0.0,
        ring_se=0.0,
        total=total,
        total_se=error,
        lower=total - float(reach),
        upper=total + float(reach),
        z=total / error,
        p=float(2 * scipy.stats.norm.sf(abs(total) / error)),
        dispersion=dispersion,
    )


def poisson_e_test(
    first: tuple[float, float], second: tuple[float, float], *, dispersion: float
) -> float:
    """Return the p-value that two Poisson rates are one, each (events, exposure).

    When to use it: two single counts that vary as chance does.  When not: counts of crime by
    month or colonia, which vary more; it would err too often, and is refused.

    Parameters
    ----------
    first, second : tuple of float
    dispersion : float
        Variance over mean of such counts: :func:`estimate_dispersion`.

    Raises
    ------
    AnalysisError
        If there is nothing to compare, or the counts vary more than chance does.

    References
    ----------
    Krishnamoorthy, K. & Thomson, J. (2004). A more powerful test for comparing two Poisson
    means. Journal of Statistical Planning and Inference 119, 23-35.
    doi:10.1016/S0378-3758(02)00408-1
    """
    (k1, n1), (k2, n2) = first, second
    if not (min(k1, k2) >= 0 and min(n1, n2) > 0 and k1 + k2 > 0):
        raise AnalysisError(
            "Two rates are compared from counts that are not negative, one of them at least 1, "
            "and positive exposures. Give those."
        )
    if not 1 <= dispersion <= _NEARLY_POISSON:
        raise AnalysisError(
            "Such counts vary {dispersion} times as much as chance does, and an exact Poisson test "
            "holds up to {most}. Use the displacement difference with this dispersion.",
            dispersion=round(dispersion, 2),
            most=_NEARLY_POISSON,
        )
    pooled = (k1 + k2) / (n1 + n2)
    # Both rates are one under the hypothesis: their difference varies as the sum of the counts.
    seen = abs(k1 / n1 - k2 / n2) / np.sqrt(k1 + k2)
    ranges = [np.arange(int(scipy.stats.poisson.isf(1e-15, n * pooled)) + 2) for n in (n1, n2)]
    a, b = np.meshgrid(*ranges, indexing="ij")
    spread = np.sqrt(a + b)
    found = np.divide(abs(a / n1 - b / n2), spread, out=np.zeros(a.shape), where=spread > 0)
    chance = np.outer(
        *(scipy.stats.poisson.pmf(r, n * pooled) for r, n in zip(ranges, (n1, n2), strict=True))
    )
    return float(chance[found >= seen * (1 - 1e-12)].sum())


def weighted_displacement_quotient(
    treated: tuple[float, float], ring: tuple[float, float], control: tuple[float, float]
) -> float:
    """Return the change of the ring's share over the change of the treated place's share.

    Positive: the benefit spread; below -1: more was displaced than was gained.

    Raises
    ------
    AnalysisError
        If the comparison has no events, or the treated place's share did not change.

    References
    ----------
    Bowers, K. J. & Johnson, S. D. (2003). Measuring the geographical displacement and
    diffusion of benefit effects of crime prevention activity. Journal of Quantitative
    Criminology 19, 275-301. doi:10.1023/A:1024909009240
    """
    if min(control) <= 0 or min(treated) <= 0:
        raise AnalysisError(
            "The displacement quotient divides by the events of the treated place and of the "
            "comparison, and one of them has none. Use the displacement difference."
        )
    success = treated[1] / control[1] - treated[0] / control[0]
    if success == 0:
        raise AnalysisError(
            "The treated place changed exactly as the comparison did, so the quotient has no "
            "value. Use the displacement difference."
        )
    # Bowers and Johnson divide the ring by the comparison, as the treated place is.
    return (ring[1] / control[1] - ring[0] / control[0]) / success


def _check(treated: tuple[float, float], control: tuple[float, float], dispersion: float) -> None:
    if min(*treated, *control) < 0:
        raise AnalysisError("Some counts are missing or negative. Give complete counts.")
    if not 1 <= dispersion < np.inf:
        raise AnalysisError(
            "The dispersion is {dispersion}, and it must be at least 1. Estimate it from the "
            "counts before the programme.",
            dispersion=dispersion,
        )
    fewest = min(sum(treated), sum(control))
    if not fewest >= _ENOUGH_EVENTS * dispersion:
        raise AnalysisError(
            "The treated or the comparison places have {n} events, and with this dispersion at "
            "least {needed} are needed. Pool more places or wait for more months.",
            n=fewest,
            needed=round(_ENOUGH_EVENTS * dispersion),
        )
