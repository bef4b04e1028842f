"""The city-wide results that fichas are slices of: fitted once per run, for every colonia.

The same functions serve both editions: the internal one is given true counts (`slack` 0),
the public one rounded counts, whose rounding widens every interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.analysis.change import compare_windows
from labtools.analysis.dispersion import dispersion_by_size
from labtools.analysis.ranks import in_whole_tenths, place_intervals
from labtools.analysis.rates import poisson_interval
from labtools.analysis.risk.past import ALL_GROUPS, cells_of
from labtools.analysis.risk.surfaces import Surface
from labtools.privacy.rounding import reach_of_sum
from labtools.tables import vocabulary as words
from labtools.tables.contracts import CONTRACTS, check_table
from labtools.tables.periods import Window

PER = 1_000
_QUARTERS = 4
_QUARTERS_FOR_DISPERSION = 12


@dataclass(frozen=True, slots=True)
class Noise:
    """How uncertain the counts are.

    Attributes
    ----------
    dispersion : pandas.DataFrame
        Variance over mean, by colonia and group: see :func:`dispersion_table`.
    variance : float
        Of the rounding noise in one quarter's count of one group; 0 for true counts.
    slack : int
        As in :func:`series_table`.
    """

    dispersion: pd.DataFrame
    variance: float = 0.0
    slack: int = 0


def series_table(quarters: pd.DataFrame, colonias: pd.Index, *, slack: int) -> pd.DataFrame:
    """Return the canonical table ``series``: counts by colonia, quarter and group, and total.

    Parameters
    ----------
    quarters : pandas.DataFrame
        Canonical table ``quarters``.
    slack : int
        How far a count may lie from the true one: 0, or 2 after rounding to base 3.
    """
    keys = ["colonia_id", "quarter"]
    wide = quarters.set_index([*keys, "group"])["events"].unstack("group")
    wide = wide.reindex(columns=list(words.GROUPS))
    wide[words.TOTAL] = wide.sum(axis=1, min_count=len(words.GROUPS))
    state = quarters.groupby(keys)["state"].first()
    long = wide[list(ALL_GROUPS)].stack().rename("events")
    long = long.reindex(
        pd.MultiIndex.from_product(
            [*_levels(quarters, colonias), ALL_GROUPS], names=[*keys, "group"]
        )
    ).reset_index()
    table = _with_range(long, quarters=1, slack=slack).assign(
        state=pd.Series(long.set_index(keys).index.map(state), dtype="str").fillna(words.MISSING),
    )
    return check_table("series", table[[*keys, "group", *_EVENTS, "state"]])


_EVENTS = ("events", "events_low", "events_high")


def dispersion_table(
    series: pd.DataFrame, window: Window, colonias: pd.Index, *, noise_variance: float
) -> pd.DataFrame:
    """Return the variance over mean of counts, by colonia (rows) and group (columns).

    Seen in the quarters of the last three years at most.

    Parameters
    ----------
    noise_variance : float
        Variance of the rounding noise in one quarter's count of one group.
    """
    recent = series[series["quarter"] < window.end]
    found = {}
    for group in ALL_GROUPS:
        by_quarter = recent[recent["group"] == group].pivot(
            index="colonia_id", columns="quarter", values="events"
        )
        counts = by_quarter.iloc[:, -_QUARTERS_FOR_DISPERSION:].astype(float).reindex(colonias)
        noise = noise_variance * cells_of(group)
        found[group] = dispersion_by_size(counts, noise_variance=noise)
    return pd.DataFrame(found, index=colonias)


def crime_table(
    series: pd.DataFrame,
    population: pd.Series,
    window: Window,
    municipality: pd.Series,
    *,
    surfaces: Mapping[str, Surface],
    noise: Noise,
) -> pd.DataFrame:
    """Return the canonical table ``crime``: twelve months, rates with intervals, by group.

    Counts that vary more than chance count as fewer events, and their intervals are wider.

    Parameters
    ----------
    series : pandas.DataFrame
        Canonical table ``series``.
    population : pandas.Series
        Residents by colonia.
    municipality : pandas.Series
        The municipality's rate per 1,000 person-years, by group.
    surfaces : mapping of str to Surface
        See :func:`labtools.analysis.risk.past.surface_of_each_group`; where a colonia has no
        population or no count, the table has no smoothed rate, though its neighbours suggest one.
    """
    counted = _window_counts(series, window.start, window.end, population.index, noise.slack)
    parts = [
        _rates_of(
            counted.xs(group, level="group").assign(group=group),
            population,
            noise.dispersion[group],
            municipality.get(group, np.nan),
            surfaces[group],
        )
        for group in ALL_GROUPS
    ]
    table = pd.concat(parts, ignore_index=True)
    order = [c for c in _columns("crime") if c != "state"]
    return check_table("crime", table[[*order, "state"]])


def change_table(
    series: pd.DataFrame,
    window: Window,
    colonias: pd.Index,
    *,
    noise: Noise,
    complete: float = 1.0,
) -> pd.DataFrame:
    """Return the canonical table ``change``: these twelve months against the twelve before.

    Parameters
    ----------
    complete : float
        Share of the events of the last twelve months that is thought to be recorded by now.
    """
    now = _window_counts(series, window.start, window.end, colonias, 0)
    before = _window_counts(series, window.before_start, window.start, colonias, 0)
    parts = []
    for group in ALL_GROUPS:
        change = compare_windows(
            before.xs(group, level="group")["events"],
            now.xs(group, level="group")["events"],
            dispersion=noise.dispersion[group],
            noise_variance=noise.variance * cells_of(group) * _QUARTERS,
            complete=complete,
        )
        told = change.table.drop(columns="p_value")
        unknown = told["verdict"] == "unknown"
        told[["before", "now"]] = told[["before", "now"]].mask(unknown)
        state = _without_figure(now.xs(group, level="group")["state"], unknown)
        parts.append(told.assign(group=group, state=state))
    table = pd.concat(parts).rename_axis("colonia_id").reset_index()
    return check_table("change", table[_columns("change")])


def place_table(
    crime: pd.DataFrame, *, surfaces: Mapping[str, Surface], in_tenths: bool = False
) -> pd.DataFrame:
    """Return the canonical table ``place``: each colonia's place, as an interval.

    Parameters
    ----------
    surfaces : mapping of str to Surface
        Those that `crime` was made with.
    in_tenths : bool
        Widen every interval to whole tenths of the colonias, so that nobody can name the one
        with the highest rate, or put them in order: what everyone may see.
    """
    parts = []
    for group in ALL_GROUPS:
        rows = crime[crime["group"] == group].set_index("colonia_id")
        told = surfaces[group].draws[rows.index].where(rows["smoothed"].notna(), axis=1)
        places = place_intervals(told.to_numpy(), rows.index)
        places = in_whole_tenths(places) if in_tenths else places
        ranked = int(places["lower_share"].notna().sum())
        state = _without_figure(rows["state"], places["lower_share"].isna())
        parts.append(places.assign(group=group, colonias=ranked, state=state))
    table = pd.concat(parts).rename_axis("colonia_id").reset_index()
    return check_table("place", table[_columns("place")])


def _without_figure(state: pd.Series, absent: pd.Series) -> pd.Series:
    """Return states in which a row without any figure is not called shown."""
    return state.mask(absent & (state == words.SHOWN), words.MISSING)


def _columns(name: str) -> list[str]:
    return list(CONTRACTS[name].columns)


def _levels(quarters: pd.DataFrame, colonias: pd.Index) -> tuple[pd.Index, pd.Index]:
    return colonias, pd.Index(sorted(quarters["quarter"].unique()))


def _window_counts(
    series: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, colonias: pd.Index, slack: int
) -> pd.DataFrame:
    """Return counts and state by colonia and group; missing unless all four quarters are known."""
    inside = series[(series["quarter"] >= start) & (series["quarter"] < end)]
    keys = [inside["colonia_id"], inside["group"]]
    full = pd.MultiIndex.from_product([colonias, ALL_GROUPS], names=["colonia_id", "group"])
    counts = inside["events"].groupby(keys).sum(min_count=_QUARTERS).reindex(full)
    state = inside["state"].groupby(keys).first().reindex(full).fillna(words.MISSING)
    state = state.where(counts.notna() | (state != words.SHOWN), words.MISSING)
    table = counts.rename("events").to_frame().assign(state=state).reset_index()
    return _with_range(table, quarters=_QUARTERS, slack=slack).set_index(["colonia_id", "group"])


def _with_range(table: pd.DataFrame, *, quarters: int, slack: int) -> pd.DataFrame:
    """Add the range of true counts: certain for one rounded cell, 95 % for a sum of them."""
    cells = np.where(table["group"] == words.TOTAL, len(words.GROUPS), 1) * quarters
    reach = reach_of_sum(cells, base=slack + 1)
    low = (table["events"] - reach).clip(lower=0)
    return table.assign(events_low=low, events_high=table["events"] + reach)


def _rates_of(
    counted: pd.DataFrame,
    population: pd.Series,
    dispersion: pd.Series,
    municipality: float,
    surface: Surface,
) -> pd.DataFrame:
    at_risk = population.where(population > 0)
    low, _ = _limits(counted["events_low"], dispersion)
    _, high = _limits(counted["events_high"], dispersion)
    smooth = _smoothed(counted, population, surface)
    table = pd.DataFrame(
        {
            "group": counted["group"],
            "events": counted["events"],
            "events_low": counted["events_low"],
            "events_high": counted["events_high"],
            "person_years": population,
            "rate": counted["events"].astype(float) / at_risk * PER,
            "lower": low / at_risk * PER,
            "upper": high / at_risk * PER,
            **{name: smooth[name] * PER for name in smooth},
            "municipality_rate": municipality,
            "state": counted["state"],
        }
    )
    return table.assign(versus_municipality=_versus(table)).rename_axis("colonia_id").reset_index()


def _limits(events: pd.Series, dispersion: pd.Series) -> tuple[pd.Series, pd.Series]:
    low, high = poisson_interval((events.astype(float) / dispersion).to_numpy())
    return low * dispersion, high * dispersion


def _smoothed(counted: pd.DataFrame, population: pd.Series, surface: Surface) -> pd.DataFrame:
    known = counted["events"].notna() & (population > 0)
    limits = surface.table.reindex(counted.index).where(known)
    names = ("smoothed", "smoothed_lower", "smoothed_upper")
    return limits.rename(columns=dict(zip(("rate", "lower", "upper"), names, strict=True)))


def _versus(table: pd.DataFrame) -> pd.Series:
    known = table["smoothed_lower"].notna() & table["municipality_rate"].notna()
    versus = pd.Series("similar", index=table.index, dtype="str")
    versus[table["smoothed_lower"] > table["municipality_rate"]] = "above"
    versus[table["smoothed_upper"] < table["municipality_rate"]] = "below"
    return versus.where(known, "unknown")
