"""Effects on counts by imputation: what untreated months say would have happened (Poisson).

When to use it: counts of many places by month or quarter, places that enter at different
times or never.  When not: one or few treated places (synthetic control), or no place and
period free of the programme.  Months that the choice of places looked at do not belong in
`used`: places chosen in their worst year get better by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

_STEPS = 100
_CLOSE = 1e-9
#: The row of the effect next to the programme: displacement, or benefit that spread.
BESIDE = "beside"
#: With fewer treated or comparison places an error clustered by place is too small.
FEWEST_PLACES = 10


@dataclass(frozen=True, slots=True)
class CountPanel:
    """Counts, and which cells may say what happens without the programme.

    Attributes
    ----------
    counts : pandas.DataFrame, shape (n_places, n_periods)
        Events; missing nowhere.
    used : pandas.DataFrame of bool, shape (n_places, n_periods)
        Cells free of the programme and of the choice of places: the comparison.
    exposed : pandas.DataFrame of bool, shape (n_places, n_periods)
        Cells beside the programme: used, with an effect of their own (displacement).
    level : pandas.Series, shape (n_places,), optional
        Traits by which paths may differ from year to year, as the logarithm of earlier events.
        It must not be read in the used cells: their noise would pass for a path.
    """

    counts: pd.DataFrame
    used: pd.DataFrame
    exposed: pd.DataFrame
    level: pd.Series | None = None


@dataclass(frozen=True, slots=True)
class CountEffects(Shown):
    """Log rate ratios of events over those expected without the programme.

    Attributes
    ----------
    effects : pandas.DataFrame
        For each target: ``log_ratio``, ``se``, ``lower``, ``upper``, ``p``, ``observed`` and
        ``expected`` events.
    influence : numpy.ndarray, shape (n_places, n_targets)
        Influence of each place on each log ratio.
    freedom : int
        Degrees of freedom of the intervals.
    """

    told_as: ClassVar[Sentence] = mark("Effects by imputed counts")
    effects: pd.DataFrame
    influence: np.ndarray
    freedom: int


@dataclass(frozen=True, slots=True)
class _Fit:
    """Multiplicative effects of places and periods, and the inverse information."""

    untreated: np.ndarray  # (n_places, n_periods) expected without the programme
    residual: np.ndarray  # (n_places, n_periods) 0 outside the used cells
    used: np.ndarray  # (n_places, n_periods) of bool
    known: np.ndarray  # (n_periods,) of bool: with events among the used cells
    shared: np.ndarray  # (n_places, n_periods, n_shared) what moves paths; beside comes last
    moves: np.ndarray  # (n_shared,) log ratios; that beside the programme comes last
    per_place: np.ndarray  # (n_places,) expected in the used cells
    mixed: np.ndarray  # (n_places, n_periods + n_shared) information of place and the rest
    inverse: np.ndarray  # (n_places, ..., ...) of the rest, without that place

    def carried(self, by_place: np.ndarray, by_rest: np.ndarray) -> np.ndarray:
        """Return each place's influence on a sum of parameters with these weights.

        The information is that of the other places (CR3): few places, each of much weight,
        would otherwise make the error too small.
        """
        alone = _divided(by_place, self.per_place)
        rest = self.inverse @ (by_rest - self.mixed.T @ alone)
        place = alone - _divided((self.mixed * rest).sum(axis=1), self.per_place)
        lifted = _lifted(rest, self.shared)
        return np.asarray((self.residual * (place[:, None] + lifted)).sum(axis=1))


def imputed_effects(
    panel: CountPanel,
    targets: Mapping[object, pd.DataFrame],
    *,
    near: np.ndarray | None = None,
    level: float = 0.95,
) -> CountEffects:
    """Return the effect in each target: a set of cells compared with what was to be expected.

    Places and periods have effects of their own, estimated from the used cells; errors allow
    any dependence within a place and, with `near`, between places close to each other.

    Parameters
    ----------
    panel : CountPanel
    targets : mapping of key to pandas.DataFrame of bool
        Cells whose events are compared, as those in the programme since two quarters.
    near : numpy.ndarray, shape (n_places, n_places), optional
        Weight of each pair's shared error, 1 on the diagonal: :func:`nearness`.
    level : float, default 0.95

    Raises
    ------
    AnalysisError
        If the tables speak of different places, counts are missing, or a target has no events
        to be expected.

    References
    ----------
    Borusyak, K., Jaravel, X. & Spiess, J. (2024). Revisiting event-study designs. Review of
    Economic Studies 91, 3253-3285. doi:10.1093/restud/rdae007
    Wooldridge, J. M. (2023). Simple approaches to nonlinear difference-in-differences with
    panel data. Econometrics Journal 26, C31-C66. doi:10.1093/ectj/utad016
    """
    counts, used, beside = _checked(panel)
    fit = _fit(counts, used, _shared(panel, beside))
    rows: list[tuple[float, float, float]] = []
    influence = []
    for key, cells in targets.items():
        inside = cells.reindex_like(panel.counts).to_numpy(bool)
        row, part = _target(key, counts, inside, fit)
        rows.append(row)
        influence.append(part)
    if beside.any():
        seen = float(counts[beside].sum())
        rows.append((fit.moves[-1], seen, seen / np.exp(fit.moves[-1])))
        unit = np.zeros(fit.mixed.shape[1])
        unit[-1] = 1
        influence.append(fit.carried(np.zeros(len(counts)), unit))
    keys = [*targets, *([BESIDE] if beside.any() else [])]
    parts = np.column_stack(influence)
    freedom = _freedom(used, beside, targets.values())
    table = pd.DataFrame(rows, pd.Index(keys, dtype=object), ["log_ratio", "observed", "expected"])
    error = np.sqrt(clustered_variance(parts, near))
    reach = scipy.stats.t.ppf((1 + level) / 2, freedom) * error
    told = table.assign(
        se=error,
        lower=table["log_ratio"] - reach,
        upper=table["log_ratio"] + reach,
        p=2 * scipy.stats.t.sf(np.abs(table["log_ratio"] / error), freedom),
    )
    return CountEffects(told, parts, freedom)


def borders_between(beside: np.ndarray) -> np.ndarray:
    """Return the borders to cross from each place to each; infinite where there is no way.

    Parameters
    ----------
    beside : numpy.ndarray, shape (n_places, n_places)
        Which places share a border.
    """
    graph = scipy.sparse.csr_array(np.asarray(beside, dtype=float))
    return np.asarray(scipy.sparse.csgraph.shortest_path(graph, method="D", unweighted=True))


def nearness(steps: np.ndarray, *, reach: int) -> np.ndarray:
    """Return weights of shared error that fall with the steps between places (Bartlett).

    Parameters
    ----------
    steps : numpy.ndarray, shape (n_places, n_places)
        Borders to cross from one place to another; infinite where there is no way.
    reach : int
        From this number of steps on, errors are taken to be unrelated.

    References
    ----------
    Conley, T. G. (1999). GMM estimation with cross sectional dependence. Journal of
    Econometrics 92, 1-45. doi:10.1016/S0304-4076(98)00084-0
    """
    return np.clip(1 - steps / reach, 0.0, 1.0)


def clustered_variance(influence: np.ndarray, near: np.ndarray | None = None) -> np.ndarray:
    """Return the variance of sums of influences, never less than with unrelated places.

    Parameters
    ----------
    influence : numpy.ndarray, shape (n_places, n_estimates)
    near : numpy.ndarray, shape (n_places, n_places), optional
    """
    n = len(influence)
    alone = (influence**2).sum(axis=0)
    if near is None:
        return np.asarray(alone * n / (n - 1))
    together = (influence * (near @ influence)).sum(axis=0)
    return np.asarray(np.maximum(alone, together) * n / (n - 1))


def _checked(panel: CountPanel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    counts = panel.counts.to_numpy(float)
    for other in (panel.used, panel.exposed):
        if not (
            other.index.equals(panel.counts.index) and other.columns.equals(panel.counts.columns)
        ):
            raise AnalysisError(
                "The counts and the cells that may be compared speak of different places or "
                "periods. Give tables with the same rows and columns."
            )
    wrong = int((~np.isfinite(counts) | (counts < 0)).sum())
    if wrong:
        raise AnalysisError(
            "{n} counts are missing or negative. Leave out the periods or places that have them.",
            n=wrong,
        )
    used = panel.used.to_numpy(bool)
    return counts, used, panel.exposed.to_numpy(bool) & used


def _shared(panel: CountPanel, beside: np.ndarray) -> np.ndarray:
    """Return what moves paths besides place and period: level by year, then the neighbours."""
    columns = [beside.astype(float)]
    if panel.level is not None:
        trait = panel.level.reindex(panel.counts.index).to_numpy(float)
        years = pd.DatetimeIndex(panel.counts.columns).year.to_numpy()
        slopes = [np.outer(trait, years == year) for year in np.unique(years)[1:]]
        columns = [*slopes, *columns]
    return np.stack(columns, axis=2)


def _fit(counts: np.ndarray, used: np.ndarray, shared: np.ndarray) -> _Fit:
    """Fit the used cells by Newton's method, each place's level solved for at every step."""
    seen = np.where(used, counts, 0.0)
    place_total = seen.sum(axis=1)
    known = np.asarray(seen.sum(axis=0) > 0)
    rest = np.zeros(counts.shape[1] + shared.shape[2])
    for _ in range(_STEPS):
        lift = np.exp(_lifted(rest[None, :], shared)) * used * known
        place = _divided(place_total, lift.sum(axis=1))
        fitted = place[:, None] * lift
        residual = np.where(used & known, counts - fitted, 0.0)
        mixed = _with_shared(fitted, shared)
        inverse = np.linalg.pinv(_information(fitted, mixed, shared), rcond=1e-11, hermitian=True)
        step = inverse @ _with_shared(residual, shared).sum(axis=0)
        rest = rest + np.clip(step, -1, 1)
        if np.abs(step).max() < _CLOSE:
            break
    untreated = place[:, None] * np.exp(_lifted(rest[None, :], shared)) * known
    others = _without_each(fitted, mixed, shared)
    moves = rest[counts.shape[1] :]
    return _Fit(untreated, residual, used, known, shared, moves, fitted.sum(axis=1), mixed, others)


def _lifted(rest: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Return what periods and shared moves add to each cell, in logarithms."""
    periods = shared.shape[1]
    return np.asarray(
        rest[:, :periods]
        + np.einsum(
            "ntk,nk->nt", shared, np.broadcast_to(rest[:, periods:], (len(shared), shared.shape[2]))
        )
    )


def _with_shared(cells: np.ndarray, shared: np.ndarray) -> np.ndarray:
    return np.column_stack([cells, np.einsum("nt,ntk->nk", cells, shared)])


def _information(fitted: np.ndarray, mixed: np.ndarray, shared: np.ndarray) -> np.ndarray:
    periods = fitted.shape[1]
    rest = np.diag(mixed.sum(axis=0))
    rest[:periods, periods:] = np.einsum("nt,ntk->tk", fitted, shared)
    rest[periods:, :periods] = rest[:periods, periods:].T
    rest[periods:, periods:] = np.einsum("nt,ntk,ntl->kl", fitted, shared, shared, optimize=True)
    share = mixed / np.where(fitted.sum(axis=1) > 0, fitted.sum(axis=1), 1.0)[:, None]
    return np.asarray(rest - mixed.T @ share)


def _without_each(fitted: np.ndarray, mixed: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Return the inverse information without each place in turn."""
    whole, periods = _information(fitted, mixed, shared), fitted.shape[1]
    own = np.zeros((len(fitted), *whole.shape))
    at = np.arange(periods)
    own[:, at, at] = fitted
    own[:, :periods, periods:] = fitted[:, :, None] * shared
    own[:, periods:, :periods] = np.swapaxes(own[:, :periods, periods:], 1, 2)
    own[:, periods:, periods:] = np.swapaxes(shared, 1, 2) @ (fitted[:, :, None] * shared)
    total = fitted.sum(axis=1)
    own -= np.einsum(
        "ni,nj->nij", mixed, _divided(mixed, np.broadcast_to(total[:, None], mixed.shape))
    )
    return np.asarray(np.linalg.pinv(whole - own, rcond=1e-9, hermitian=True))


def _target(
    key: object, counts: np.ndarray, inside: np.ndarray, fit: _Fit
) -> tuple[tuple[float, float, float], np.ndarray]:
    # Without comparison in its period, or a past of its own, a cell has no expectation.
    inside = inside & fit.known[None, :] & np.asarray(fit.used.any(axis=1))[:, None]
    part = np.where(inside, fit.untreated, 0.0)
    observed, expected = float(counts[inside].sum()), float(part.sum())
    if not (observed > 0 and expected > 0):
        raise AnalysisError(
            "In the cells “{key}” there were {observed} events and {expected} were to be "
            "expected: no ratio can be told. Pool more places or more months.",
            key=str(key),
            observed=int(observed),
            expected=round(expected, 1),
        )
    log_ratio = np.log(observed / expected)
    own = np.where(inside, counts - np.exp(log_ratio) * part, 0.0).sum(axis=1) / observed
    rest = _with_shared(part, fit.shared).sum(axis=0) / expected
    return (log_ratio, observed, expected), own - fit.carried(part.sum(axis=1) / expected, rest)


def _freedom(used: np.ndarray, beside: np.ndarray, targets: Iterable[pd.DataFrame]) -> int:
    """Return the smaller number of places, treated or compared with, less one."""
    inside = np.logical_or.reduce([cells.to_numpy(bool) for cells in targets])
    later = inside.any(axis=0)
    compared = (used & ~beside)[:, later].any(axis=1)
    fewest = int(min(inside.any(axis=1).sum(), compared.sum()))
    if fewest < FEWEST_PLACES:
        raise AnalysisError(
            "The effect rests on {n} treated or comparison places, and at least {needed} are "
            "needed for its error. Pool more places, or permute the assignment instead.",
            n=fewest,
            needed=FEWEST_PLACES,
        )
    return fewest - 1


def _divided(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    none = np.zeros_like(bottom, dtype=float)
    return np.asarray(np.divide(top, bottom, out=none, where=bottom > 0))
