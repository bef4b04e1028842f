"""The city-wide results that fichas are slices of: fitted once per run, for every colonia.

The same functions serve both editions: the internal one is given true counts (`slack` 0),
the public one rounded counts, whose rounding widens every interval.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.analysis.change import compare_windows
from labtools.analysis.dispersion import dispersion_by_size
from labtools.analysis.ranks import place_intervals
from labtools.analysis.rates import poisson_interval
from labtools.analysis.smoothing import GammaPoissonFit, fit_gamma_poisson
from labtools.errors import AnalysisError
from labtools.tables import vocabulary as words
from labtools.tables.contracts import CONTRACTS, check_table
from labtools.tables.periods import Window

PER = 1_000
DRAWS = 1_000
_QUARTERS_FOR_DISPERSION = 12
_GROUPS = (*words.GROUPS, words.TOTAL)


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
    long = wide[list(_GROUPS)].stack().rename("events")
    long = long.reindex(
        pd.MultiIndex.from_product([*_levels(quarters, colonias), _GROUPS], names=[*keys, "group"])
    ).reset_index()
    table = _with_range(long, quarters=1, slack=slack).assign(
        state=pd.Series(long.set_index(keys).index.map(state), dtype="str").fillna(words.MISSING),
    )
    return check_table("series", table[[*keys, "group", *_EVENTS, "state"]])


_EVENTS = ("events", "events_low", "events_high")


def crime_table(
    series: pd.DataFrame,
    population: pd.Series,
    window: Window,
    municipality: pd.Series,
    *,
    slack: int,
) -> pd.DataFrame:
    """Return the canonical table ``crime``: twelve months, rates with intervals, by group.

    Parameters
    ----------
    series : pandas.DataFrame
        Canonical table ``series``.
    population : pandas.Series
        Residents by colonia.
    municipality : pandas.Series
        The municipality's rate per 1,000 person-years, by group.
    slack : int
        As in :func:`series_table`.
    """
    counted = _window_counts(series, window.start, window.end, population.index, slack)
    parts = [
        _rates_of(group, counted.xs(group, level="group"), population, municipality.get(group))
        for group in _GROUPS
    ]
    table = pd.concat(parts, ignore_index=True)
    order = [c for c in _columns("crime") if c != "state"]
    return check_table("crime", table[[*order, "state"]])


def change_table(
    series: pd.DataFrame, window: Window, colonias: pd.Index, *, noise_variance: float
) -> pd.DataFrame:
    """Return the canonical table ``change``: these twelve months against the twelve before.

    Parameters
    ----------
    noise_variance : float
        Variance of the rounding noise in one quarter's count of one group.
    """
    now = _window_counts(series, window.start, window.end, colonias, 0)
    before = _window_counts(series, window.before_start, window.start, colonias, 0)
    parts = []
    for group in _GROUPS:
        cells = len(words.GROUPS) if group == words.TOTAL else 1
        noise = noise_variance * cells
        change = compare_windows(
            before.xs(group, level="group")["events"],
            now.xs(group, level="group")["events"],
            dispersion=_dispersion(series, group, window, colonias, noise),
            noise_variance=noise * 4,
        )
        state = now.xs(group, level="group")["state"]
        parts.append(change.table.drop(columns="p_value").assign(group=group, state=state))
    table = pd.concat(parts).rename_axis("colonia_id").reset_index()
    return check_table("change", table[_columns("change")])


def place_table(crime: pd.DataFrame, *, slack: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return the canonical table ``place``: each colonia's place, as an interval."""
    parts = []
    for group in _GROUPS:
        rows = crime[crime["group"] == group].set_index("colonia_id")
        places = _places(rows, group, slack, rng)
        ranked = int(places["lower_share"].notna().sum())
        parts.append(places.assign(group=group, colonias=ranked, state=rows["state"]))
    table = pd.concat(parts).rename_axis("colonia_id").reset_index()
    return check_table("place", table[_columns("place")])


def check_columns(name: str) -> list[str]:
    """Return the columns of a canonical table, in order."""
    return list(CONTRACTS[name].columns)


def _dispersion(
    series: pd.DataFrame, group: str, window: Window, colonias: pd.Index, noise_variance: float
) -> pd.Series:
    """Return each colonia's dispersion, seen in the last three years at most."""
    recent = series[(series["group"] == group) & (series["quarter"] < window.end)]
    by_quarter = recent.pivot(index="colonia_id", columns="quarter", values="events")
    counts = by_quarter.iloc[:, -_QUARTERS_FOR_DISPERSION:].astype(float).reindex(colonias)
    return dispersion_by_size(counts, noise_variance=noise_variance)


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
    full = pd.MultiIndex.from_product([colonias, _GROUPS], names=["colonia_id", "group"])
    counts = inside["events"].groupby(keys).sum(min_count=4).reindex(full)
    state = inside["state"].groupby(keys).first().reindex(full).fillna(words.MISSING)
    state = state.where(counts.notna() | (state != words.SHOWN), words.MISSING)
    table = counts.rename("events").to_frame().assign(state=state).reset_index()
    return _with_range(table, quarters=4, slack=slack).set_index(["colonia_id", "group"])


def _with_range(table: pd.DataFrame, *, quarters: int, slack: int) -> pd.DataFrame:
    """Add the range of true counts: certain for one rounded cell, 95 % for a sum of them."""
    cells = np.where(table["group"] == words.TOTAL, len(words.GROUPS), 1) * quarters
    reach = np.ceil(1.96 * np.sqrt(cells * slack * (slack + 2) / 6))
    reach = np.minimum(reach, cells * slack).astype(int)
    low = (table["events"] - reach).clip(lower=0)
    return table.assign(events_low=low, events_high=table["events"] + reach)


def _rates_of(
    group: str, counted: pd.DataFrame, population: pd.Series, municipality: float | None
) -> pd.DataFrame:
    at_risk = population.where(population > 0)
    low, _ = poisson_interval(counted["events_low"].to_numpy(float, na_value=np.nan))
    _, high = poisson_interval(counted["events_high"].to_numpy(float, na_value=np.nan))
    smooth = _smoothed(counted, population)
    table = pd.DataFrame(
        {
            "group": group,
            "events": counted["events"],
            "events_low": counted["events_low"],
            "events_high": counted["events_high"],
            "person_years": population,
            "rate": counted["events"].astype(float) / at_risk * PER,
            "lower": low / at_risk * PER,
            "upper": high / at_risk * PER,
            **{name: smooth[name] * PER for name in smooth},
            "municipality_rate": np.nan if municipality is None else municipality,
            "state": counted["state"],
        }
    )
    return table.assign(versus_municipality=_versus(table)).rename_axis("colonia_id").reset_index()


def _fit(counted: pd.DataFrame, population: pd.Series) -> GammaPoissonFit | None:
    events = counted["events"].astype(float)
    try:
        return fit_gamma_poisson(events, population)
    except AnalysisError:
        return None  # too few colonias with data: rates stay unsmoothed, and the table says so


def _smoothed(counted: pd.DataFrame, population: pd.Series) -> pd.DataFrame:
    names = ["smoothed", "smoothed_lower", "smoothed_upper"]
    fit = _fit(counted, population)
    if fit is None:
        return pd.DataFrame(np.nan, index=counted.index, columns=names)
    middle, low, high = (
        fit.posterior(counted[name].astype(float), population, level=0.95)
        for name in ("events", "events_low", "events_high")
    )
    limits = [middle["rate"], low["lower"], high["upper"]]
    return pd.DataFrame(dict(zip(names, limits, strict=True)))


def _versus(table: pd.DataFrame) -> pd.Series:
    known = table["smoothed_lower"].notna() & table["municipality_rate"].notna()
    versus = pd.Series("similar", index=table.index, dtype="str")
    versus[table["smoothed_lower"] > table["municipality_rate"]] = "above"
    versus[table["smoothed_upper"] < table["municipality_rate"]] = "below"
    return versus.where(known, "unknown")


def _places(rows: pd.DataFrame, group: str, slack: int, rng: np.random.Generator) -> pd.DataFrame:
    events, population = rows["events"].astype(float), rows["person_years"]
    fit = _fit(rows, population)
    if fit is None:
        return pd.DataFrame(np.nan, index=rows.index, columns=["lower_share", "upper_share"])
    cells = 4 * (len(words.GROUPS) if group == words.TOTAL else 1)
    noise = _rounding_noise((DRAWS, len(rows)), slack, cells, rng)
    possible = np.clip(events.to_numpy() + noise, 0, None)
    draws = fit.draws(possible, population, rng=rng)
    return place_intervals(draws, rows.index)


def _rounding_noise(
    shape: tuple[int, int], slack: int, cells: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw true minus published count: triangular on -2..2 for each rounded cell, summed."""
    if slack == 0:
        return np.zeros(shape)
    one = rng.integers(0, slack + 1, (cells, *shape), dtype=np.int8)
    other = rng.integers(0, slack + 1, (cells, *shape), dtype=np.int8)
    return np.asarray((one - other).sum(axis=0), float)
