"""The past of every group of crimes, and the surfaces that are made of it.

The same functions serve both editions: the internal one is given true counts (`slack` 0), the
public one rounded counts, whose rounding widens every interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.risk.discount import discounted
from labtools.analysis.risk.groups import Pattern, pattern_of_others
from labtools.analysis.risk.surfaces import (
    Beside,
    NoisyCounts,
    Surface,
    fit_surface,
    fit_surface_in_time,
)
from labtools.tables import vocabulary as words
from labtools.tables.periods import Window

ALL_GROUPS = (*words.GROUPS, words.TOTAL)
_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Past:
    """What the surfaces are made of.

    Attributes
    ----------
    series : pandas.DataFrame
        Canonical table ``series``.
    population : pandas.Series
        Residents by colonia.
    window : Window
        Nothing from its end on is known.
    slack : int
        How far a count may lie from the true one: 0, or 2 after rounding to base 3.
    recorded : pandas.Series, optional
        By quarter, share of its events that is thought to be recorded by now.
    programme : pandas.DataFrame, optional
        By colonia and quarter, share of the quarter in which it was in the programme.
    traits : pandas.DataFrame, optional
        Of the colonias: see :func:`labtools.analysis.risk.traits.traits_of_level`.
    """

    series: pd.DataFrame
    population: pd.Series
    window: Window
    slack: int = 0
    recorded: pd.Series | None = None
    programme: pd.DataFrame | None = None
    traits: pd.DataFrame | None = None

    def quarters(self, group: str) -> pd.DataFrame:
        """Return counts of a group by colonia and quarter, oldest first."""
        known = self.series[self.series["quarter"] < self.window.end]
        counts = known[known["group"] == group].pivot(
            index="colonia_id", columns="quarter", values="events"
        )
        return counts.astype(float).reindex(self.population.index)


def cells_of(group: str) -> int:
    """Return of how many published counts one count of `group` is the sum."""
    return len(words.GROUPS) if group == words.TOTAL else 1


def discounted_counts(past: Past, dispersion: pd.DataFrame) -> dict[str, NoisyCounts]:
    """Return by group the counts of all quarters before the window's end, discounted by age.

    They tell more of the present level than twelve months alone.

    Parameters
    ----------
    dispersion : pandas.DataFrame
        Variance over mean, by colonia and group: see
        :func:`labtools.analysis.profiles.dispersion_table`.
    """
    found = {}
    for group in ALL_GROUPS:
        told = discounted(
            past.quarters(group), past.population, period_months=_MONTHS, recorded=past.recorded
        )
        cells = told["periods"] * cells_of(group) if past.slack else 0.0
        found[group] = NoisyCounts(told["events"], told["exposure"], dispersion[group], cells)
    return found


def surfaces_in_time(
    past: Past,
    counts: Mapping[str, NoisyCounts],
    neighbours: scipy.sparse.csr_array,
    *,
    rng: np.random.Generator,
) -> dict[str, Surface]:
    """Return the surfaces of the groups for which all quarters can be fitted in one model.

    Each group borrows from the pattern of the others; see
    :func:`labtools.analysis.risk.surfaces.fit_surface_in_time`.

    Parameters
    ----------
    counts : mapping of str to NoisyCounts
        As :func:`discounted_counts` returns them.
    """
    found = {}
    for group in ALL_GROUPS:
        surface = fit_surface_in_time(
            past.quarters(group),
            past.population,
            neighbours,
            rounded_cells=float(cells_of(group)) if past.slack else 0.0,
            beside=Beside(_others(counts, group), past.programme, past.recorded, past.traits),
            rng=rng,
        )
        if surface is not None:
            found[group] = surface
    return found


def surface_of_each_group(
    counts: Mapping[str, NoisyCounts],
    neighbours: scipy.sparse.csr_array | None,
    *,
    rng: np.random.Generator,
) -> dict[str, Surface]:
    """Return the surface of risk of each group: see :func:`discounted_counts`.

    Parameters
    ----------
    neighbours : scipy.sparse.csr_array, optional
        In the order of the counts; see :func:`labtools.analysis.risk.surfaces.fit_surface`.
    """
    return {group: fit_surface(told, neighbours, rng=rng) for group, told in counts.items()}


def _others(counts: Mapping[str, NoisyCounts], group: str) -> Pattern | None:
    """Return the pattern of all groups but one; the total has no others."""
    if group == words.TOTAL:
        return None
    own, total = counts[group], counts[words.TOTAL]
    others = NoisyCounts(
        total.events - own.events,
        total.exposure,
        total.dispersion,
        total.rounded_cells - own.rounded_cells,
    )
    return pattern_of_others(own.effective(), others.effective())
