"""One programme against its protocol: which months compare, which count, and what came of it.

It turns dates of entry, days of choice and borders into the cells that
:mod:`labtools.evaluation.counts` compares.  When not: for one colonia (:func:`refuse_alone`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.counts import (
    FEWEST_PLACES,
    CountEffects,
    CountPanel,
    borders_between,
    imputed_effects,
    nearness,
)
from labtools.evaluation.protocol import Protocol, Units
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

ALL = "all"
#: The places beside the programme in the year before, as if it had begun then.
BESIDE_BEFORE = "beside_before"
_QUARTER = 3
_YEAR = 4
#: Errors of places so many borders apart are taken to be unrelated.
_REACH = 5
#: Below this the year before the entry tells that the comparison is not one.
_ALIKE = 0.05
#: Standard deviations between the levels of two groups that may still be compared.
_LEVELS_APART = 0.5
#: Share of the programme's places that must have others of as high a level to compare with.  On
#: Mexico City's case files false alarms are 14 % where a third to a half have them, and 7 % from a
#: half on, be it two thirds or more (reports/studies/evaluation_placebos.json).
_WITH_OTHERS = 1 / 2


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Who is in the programme, and who lies beside.

    Attributes
    ----------
    entered : pandas.Series of datetime, shape (n_places,)
        Day of entry; missing for places that never enter.
    evaluated : pandas.Series of bool, shape (n_places,)
        Entered in a stage that the protocol evaluates.
    beside : pandas.DataFrame of bool, shape (n_places, n_places)
        Which places share a border.
    lots : pandas.DataFrame of int, shape (n_drawn, n_lots), optional
        Wave by place in each lot that could have been taken; the first was.
    """

    entered: pd.Series
    evaluated: pd.Series
    beside: pd.DataFrame
    lots: pd.DataFrame | None = None


@dataclass(frozen=True, slots=True)
class Cells:
    """What each place and quarter is, in the design of a protocol.

    Attributes
    ----------
    panel : CountPanel
        Counts and the cells that compare.
    inside : pandas.DataFrame of bool
        In the programme and evaluated.
    since : pandas.DataFrame of float
        Quarters since the entry; missing for places that never enter.
    looked_at : pandas.DataFrame of bool
        Quarters that the choice of places looked at: they compare nothing.
    lots : pandas.DataFrame, optional
        As in the enrolment.
    """

    panel: CountPanel
    inside: pd.DataFrame
    since: pd.DataFrame
    looked_at: pd.DataFrame
    lots: pd.DataFrame | None = None


@dataclass(frozen=True, slots=True)
class ProgrammeEffect(Shown):
    """What came of a programme, in counts.

    Attributes
    ----------
    whole : CountEffects
        The rows ``all`` and, with an effect of the neighbours, ``beside``.
    by_time : CountEffects
        One row for each quarter since the entry.
    before : CountEffects or None
        The last four quarters that compare before the entry, as if the programme had begun
        then: near nil if the paths were parallel.  None where no such quarters compare.
    places, compared : int
        How many places were in the programme, and how many compare with them.
    """

    told_as: ClassVar[Sentence] = mark("Effect of the programme on recorded crime")
    whole: CountEffects
    by_time: CountEffects
    before: CountEffects | None
    places: int
    compared: int


def design_cells(events: pd.DataFrame, enrolment: Enrolment, protocol: Protocol) -> Cells:
    """Return what each place and quarter is.

    Parameters
    ----------
    events : pandas.DataFrame, shape (n_places, n_quarters)
        Events of the outcome; columns are first days of consecutive quarters.  Places with a
        missing count are left out.
    enrolment : Enrolment
    protocol : Protocol

    Raises
    ------
    AnalysisError
        If only one place is evaluated.
    """
    kept = events.notna().all(axis=1)
    counts = events[kept]
    entered = enrolment.entered.reindex(counts.index)
    evaluated = enrolment.evaluated.reindex(counts.index).fillna(value=False).astype(bool)
    refuse_alone(int(evaluated.sum()))
    quarters = pd.DatetimeIndex(counts.columns)
    since = _quarters_since(entered, quarters)
    treated = since >= 0
    expecting = since >= -np.ceil(protocol.design.anticipation_months / _QUARTER)
    looked_at = _looked_at(entered, quarters, protocol.units)
    near = enrolment.beside.reindex(index=counts.index, columns=counts.index).fillna(value=False)
    exposed = pd.DataFrame(
        near.to_numpy(float) @ treated.to_numpy(float) > 0, counts.index, quarters
    )
    if protocol.design.neighbours == "compared":
        exposed = exposed & False
    told = _telling_level(since, looked_at, protocol)
    used = ~expecting & ~looked_at & ~told
    return Cells(
        panel=CountPanel(counts, used, exposed & ~treated, _level(counts, told)),
        inside=treated.mul(evaluated, axis=0),
        since=since,
        looked_at=looked_at,
        lots=enrolment.lots,
    )


def programme_effect(cells: Cells, beside: pd.DataFrame, *, level: float = 0.95) -> ProgrammeEffect:
    """Return what came of the programme: in all, beside it, by time, and in the year before.

    Parameters
    ----------
    cells : Cells
    beside : pandas.DataFrame of bool
        Which places share a border; errors of near places are taken to be related.
    level : float
        Cover of the intervals.

    Raises
    ------
    AnalysisError
        If too few places are treated or compare, or nothing was to be expected.
    """
    near = _near(beside, cells.panel.counts.index)
    whole = imputed_effects(cells.panel, {ALL: cells.inside}, near=near, level=level)
    times: dict[object, pd.DataFrame] = {
        int(since): cells.inside & (cells.since == since)
        for since in range(int(np.nanmax(cells.since.where(cells.inside).to_numpy())) + 1)
    }
    told = {key: at for key, at in times.items() if _enough(at, cells.panel)}
    later = (cells.inside.any(axis=0)).to_numpy()
    compares = cells.panel.used.loc[:, later].any(axis=1) & ~cells.inside.any(axis=1)
    return ProgrammeEffect(
        whole=whole,
        by_time=imputed_effects(cells.panel, told, near=near, level=level),
        before=_before(cells, beside, near, level),
        places=int(cells.inside.any(axis=1).sum()),
        compared=int(compares.sum()),
    )


def moved_alike(effect: ProgrammeEffect) -> bool:
    """Return whether the year before shows no difference that chance does not explain.

    Where it shows one, or there is no such year to look at, no verdict may be given: on real
    records the worst places often follow paths of their own, and so do those without neighbours
    in the programme.
    """
    if effect.before is None:
        return False
    told = effect.before.effects
    return bool((told.loc[told.index.isin([ALL, BESIDE_BEFORE]), "p"] >= _ALIKE).all())


def alike_in_level(cells: Cells) -> bool:
    """Return whether there were places of about the level of the programme's to compare with.

    Places of another level often follow another path: on the case files of Mexico City, where
    nothing was done, colonias chosen for their records passed for an effect in a third of the
    draws although the year that chose them was left out.  Where that year tells the level, paths
    differ by it, and it is enough that half of the programme's places have others as high;
    elsewhere the two groups must have about the same level.
    """
    inside = cells.inside.any(axis=1)
    if cells.panel.level is not None:
        return with_others_as_high(inside, cells.panel.level) >= _WITH_OTHERS
    free = cells.panel.used & ~(cells.since >= 0).any(axis=0)
    level = np.log1p(cells.panel.counts.where(free).mean(axis=1))
    apart = level[inside].mean() - level[~inside].mean()
    spread = np.sqrt((level[inside].var() + level[~inside].var()) / 2)
    return bool(abs(apart) <= _LEVELS_APART * spread)


def with_others_as_high(inside: pd.Series, level: pd.Series) -> float:
    """Return the share of the programme's places with ten others of their level or a higher one.

    Parameters
    ----------
    inside : pandas.Series of bool, shape (n_places,)
    level : pandas.Series, shape (n_places,)
    """
    others = np.sort(level[~inside].to_numpy())
    as_high = len(others) - np.searchsorted(others, level[inside].to_numpy())
    return float((as_high >= FEWEST_PLACES).mean())


def refuse_alone(places: int) -> None:
    """Refuse to evaluate a single place.

    Raises
    ------
    AnalysisError
        Why, and what can be asked instead.
    """
    if places <= 1:
        raise AnalysisError(
            "One colonia alone cannot be evaluated: with 120 events a year only a fall by half "
            "would be told from chance, and places are chosen in their worst year, so that most "
            "get better by themselves. Evaluate the {needed} or more colonias of the programme "
            "together.",
            needed=FEWEST_PLACES,
        )


def _quarters_since(entered: pd.Series, quarters: pd.DatetimeIndex) -> pd.DataFrame:
    at = quarters.year * _YEAR + quarters.quarter
    began = entered.dt.year * _YEAR + entered.dt.quarter
    return pd.DataFrame(
        at.to_numpy(float)[None, :] - began.to_numpy(float)[:, None], entered.index, quarters
    )


def _looked_at(entered: pd.Series, quarters: pd.DatetimeIndex, units: Units) -> pd.DataFrame:
    """Return the quarters that a choice looked at, for all that could be chosen in it.

    Those not chosen are dropped too: they were passed over for having had a good year.
    """
    found = pd.DataFrame(data=False, index=entered.index, columns=quarters)
    if units.chosen != "by_records":
        return found
    days = [pd.Timestamp(day) for day in sorted(units.chosen_on)]
    for number, day in enumerate(days):
        start = day - pd.DateOffset(months=units.months_looked_at)
        inside = (quarters < day) & (quarters + pd.DateOffset(months=_QUARTER) > start)
        earlier = entered < day if number else entered.isna() & False
        found.loc[~earlier, inside] = True
    return found


def _telling_level(since: pd.DataFrame, looked_at: pd.DataFrame, protocol: Protocol) -> np.ndarray:
    """Return the quarters that tell each place's level, and compare nothing.

    Those that the first choice looked at; where none did and neighbours have an effect of their
    own, the first year of the window, if a whole one is left before the first entry: places
    without neighbours in the programme are others than the rest even under a lottery.
    """
    quarters = pd.DatetimeIndex(looked_at.columns)
    first = pd.Timestamp(min(protocol.units.chosen_on))
    told = np.asarray(looked_at.any(axis=0) & (quarters < first))
    if told.any() or protocol.design.neighbours == "compared":
        return told
    before = np.asarray((since >= 0).any(axis=0)).argmax()
    return (np.arange(len(quarters)) < _YEAR) & (before >= 2 * _YEAR)


def _level(counts: pd.DataFrame, told: np.ndarray) -> pd.Series | None:
    if not told.any():
        return None
    level = np.log1p(counts.loc[:, told].mean(axis=1))
    return level - level.mean()


def _enough(cells: pd.DataFrame, panel: CountPanel) -> bool:
    known = (panel.used & (panel.counts > 0)).any(axis=0)
    used = cells & panel.used.any(axis=1).to_numpy()[:, None] & known
    return bool(used.any(axis=1).sum() >= FEWEST_PLACES) and bool(
        panel.counts.where(used).sum().sum() > 0
    )


def _before(
    cells: Cells, beside: pd.DataFrame, near: np.ndarray, level: float
) -> CountEffects | None:
    """Return what the year before the entry shows, in the programme's places and beside them."""
    panel = cells.panel
    past = panel.used.mul(cells.inside.any(axis=1), axis=0)
    back = past.iloc[:, ::-1].cumsum(axis=1).iloc[:, ::-1]
    year = past & (back <= _YEAR)
    targets: dict[object, pd.DataFrame] = {ALL: year}
    used = panel.used & ~year
    if panel.exposed.any(axis=None):
        touching = beside.reindex(index=year.index, columns=year.index).fillna(value=False)
        next_to = touching.to_numpy(float) @ year.to_numpy(float) > 0
        targets[BESIDE_BEFORE] = used & next_to & ~panel.exposed
        used = used & ~next_to
    past_panel = replace(panel, used=used, exposed=panel.exposed & used)
    if not all(_enough(at, past_panel) for at in targets.values()):
        return None
    return imputed_effects(past_panel, targets, near=near, level=level)


def _near(beside: pd.DataFrame, places: pd.Index) -> np.ndarray:
    graph = beside.reindex(index=places, columns=places).fillna(value=False).to_numpy(bool)
    return nearness(borders_between(graph), reach=_REACH)
