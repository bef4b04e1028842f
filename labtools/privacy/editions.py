"""Every edition ever published, attacked together.

What the released tables of each edition say of the true counts is put into one system: the
counts of each colonia by quarter and group, the municipality's months, every sum of them that
was published on its own, and the rates.  A figure that is the sum of published figures says
nothing new; one that is not was made from the true counts, and says so much more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.privacy.attacker import Attack, attack
from labtools.privacy.claims import Claims, exact_range, links, rounded_range, sums_within
from labtools.privacy.rounding import BASE
from labtools.tables import vocabulary as words
from labtools.tables.contracts import empty_table
from labtools.tables.periods import quarter_of

#: The released tables that the attack reads; an edition of before has no ``years``.
READ = (
    "series",
    "years",
    "crime",
    "change",
    "municipality_series",
    "municipality_crime",
    "period",
)
_KEYS = ["colonia_id", "quarter", "month", "group"]
_PER = 1_000.0
_NEAR = 1e-6


@dataclass(frozen=True, slots=True)
class PublishedEdition:
    """One edition as it was published.

    Attributes
    ----------
    name : str
        Of its run.
    tables : mapping of str to pandas.DataFrame
        ``series``, ``crime``, ``change``, ``municipality_series``, ``municipality_crime`` and
        ``period``, as released; ``years`` where the edition has them.
    inputs : str
        Digest of what it was made from.  Two editions with the same inputs speak of the same
        counts; with others, a figure that changed may be a count that was revised.
    """

    name: str
    tables: Mapping[str, pd.DataFrame]
    inputs: str


def attack_editions(
    editions: Sequence[PublishedEdition], *, exactly: frozenset[str] = frozenset()
) -> Attack:
    """Return what all editions together tell of each colonia's counts by quarter and group.

    A count whose figure did not change between editions is taken as the same count, which is
    the most that an attacker can suppose; unless the figure of its year did, which tells that
    something in it was revised.  Where that contradicts itself, reports were revised
    under an unchanged figure, and each edition is taken by itself.

    Parameters
    ----------
    exactly : frozenset of str
        Colonias whose least and greatest counts are wanted, all of them; by default it is only
        asked of every colonia whether three values are left.  For a few colonias.

    Raises
    ------
    AnalysisError
        If one edition contradicts itself: its figures were not made by the rule declared.
    """
    if not editions:
        return attack(pd.DataFrame(columns=[*_KEYS, "version"]), [])
    try:
        return _attacked(editions, exactly, together=True)
    except AnalysisError:
        return _attacked(editions, exactly, together=False)


def _attacked(
    editions: Sequence[PublishedEdition], exactly: frozenset[str], *, together: bool
) -> Attack:
    cells = _cells(editions, together=together)
    everything = cells[[*_KEYS, "version"]].drop_duplicates(ignore_index=True)
    claims: list[Claims] = []
    before = cells.head(0)
    for number, edition in enumerate(editions):
        own = cells[cells["edition"] == number]
        if number and _tells_nothing_new(edition, editions[number - 1], own, before):
            continue  # the same figures of the same counts: its claims are there already
        claims += _claims(edition, _placed(everything, own))
        before = own
    colonia = everything["colonia_id"]
    confidential = colonia.isin(exactly) if exactly else colonia.notna()
    return attack(everything, claims, confidential=confidential, every=bool(exactly))


def _tells_nothing_new(
    edition: PublishedEdition, last: PublishedEdition, cells: pd.DataFrame, before: pd.DataFrame
) -> bool:
    """Tell whether all that is read of an edition is as in the last, of the same counts."""
    same = all(_alike(edition.tables.get(name), last.tables.get(name)) for name in READ)
    of = [*_KEYS, "version"]
    return same and cells[of].reset_index(drop=True).equals(before[of].reset_index(drop=True))


def _alike(one: pd.DataFrame | None, other: pd.DataFrame | None) -> bool:
    return one is other if one is None or other is None else one.equals(other)


def _cells(editions: Sequence[PublishedEdition], *, together: bool) -> pd.DataFrame:
    """Return each edition's cells; the same key and version is the same count."""
    parts: list[pd.DataFrame] = []
    known = _figures(editions[0]).head(0).rename(columns={"figure": "last"})
    known = known.rename(columns={"of_year": "last_year"})
    known = known.assign(version=pd.Series(dtype=float), made_from=pd.Series(dtype=str))
    for number, edition in enumerate(editions):
        now = _figures(edition)
        both = now.merge(known, on=_KEYS, how="left")
        same_figure = both["last"].fillna(-1).eq(both["figure"].fillna(-1))
        same_figure &= (
            both["last_year"]
            .fillna(both["of_year"])
            .fillna(-1)
            .eq(both["of_year"].fillna(both["last_year"]).fillna(-1))
        )
        same = (both["made_from"] == edition.inputs) | (same_figure & together)
        fresh = both["version"].isna()
        version = both["version"].where(same & ~fresh, number).astype(int)
        now = now.assign(version=version, edition=number)
        parts.append(now)
        latest = now[[*_KEYS, "version"]].assign(
            last=now["figure"], last_year=now["of_year"], made_from=edition.inputs
        )
        others = known.merge(now[_KEYS], on=_KEYS, how="left", indicator=True)
        kept = known[(others["_merge"] == "left_only").to_numpy()]
        known = pd.concat([kept, latest], ignore_index=True) if len(kept) else latest
    return pd.concat(parts, ignore_index=True)


def _figures(edition: PublishedEdition) -> pd.DataFrame:
    """Return the finest published figures: colonias by quarter, the municipality by month."""
    series = edition.tables["series"]
    quarters = series.loc[series["group"] != words.TOTAL, ["colonia_id", "quarter", "group"]]
    quarters = quarters.assign(month=pd.NaT, figure=series["events"].astype("Float64"))
    months = edition.tables["municipality_series"]
    months = months.loc[months["group"] != words.TOTAL, ["month", "group", "events"]]
    months = months.rename(columns={"events": "figure"}).astype({"figure": "Float64"})
    months = months.assign(colonia_id=None, quarter=quarter_of(months["month"]))
    both = pd.concat([quarters, months], ignore_index=True)
    both = both.assign(
        quarter=both["quarter"].astype("datetime64[ns]"),
        month=both["month"].astype("datetime64[ns]"),
        colonia_id=both["colonia_id"].astype(object).where(both["colonia_id"].notna(), None),
    )
    years = _years(edition).set_index(["colonia_id", "year"])["events"]
    of_year = pd.MultiIndex.from_arrays([both["colonia_id"], _year_of(both["quarter"])])
    figures = years[~years.index.duplicated()].reindex(of_year)
    return both.assign(of_year=figures.to_numpy(float, na_value=np.nan))[
        [*_KEYS, "figure", "of_year"]
    ]


def _years(edition: PublishedEdition) -> pd.DataFrame:
    """Return the years that were rounded on their own; an edition may have none."""
    return edition.tables.get("years", empty_table("years"))


def _year_of(days: pd.Series) -> pd.Series:
    return days.dt.to_period("Y").dt.start_time


def _placed(everything: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return all cells, with keys and figures only where an edition speaks of them."""
    on = [*_KEYS, "version"]
    placed = everything.merge(own[[*on, "figure"]], on=on, how="left", indicator="here")
    here = placed["here"] == "both"
    return placed.assign(
        group=placed["group"].where(here), colonia_id=placed["colonia_id"].where(here, None)
    )


def _claims(edition: PublishedEdition, cells: pd.DataFrame) -> list[Claims]:
    tables, name = edition.tables, edition.name
    period = tables["period"].iloc[0]
    now = _within(cells, period["window_start"], period["window_end"])
    before = _within(cells, period["before_start"], period["window_start"])
    crime, change = tables["crime"], tables["change"]
    city, months = tables["municipality_crime"], tables["municipality_series"]
    shown = cells.assign(rows=np.arange(len(cells)))
    known = shown[shown["group"].notna() & shown["figure"].notna()]
    each = known[["rows"]].join(_range(known["figure"]))
    found = [sums_within(shown, each, ["rows"], name=name)]
    for place, sums, columns, figure in (
        (cells, tables["series"], ["colonia_id", "quarter"], "events"),
        (cells[cells["month"].notna()], months, ["month"], "events"),
        (now, crime, ["colonia_id"], "events"),
        (now, change, ["colonia_id"], "now"),
        (before, change, ["colonia_id"], "before"),
        (now[now["month"].notna()], city, [], "now"),
        (before[before["month"].notna()], city, [], "before"),
    ):
        found += _told_apart(
            cells, place, sums[[*columns, "group"]].assign(told=sums[figure]), name
        )
    found += _told_apart(cells, now, _of_rates(crime), name)
    years = _years(edition)[["colonia_id", "year", "events"]].rename(columns={"events": "told"})
    by_year = cells.assign(year=_year_of(cells["quarter"]))
    found += _told_apart(cells, by_year, years.assign(group=words.TOTAL), name, own=True)
    colonia = cells["colonia_id"].notna()
    both = cells[cells["group"].notna()].groupby(["quarter", "group"])["colonia_id"]
    tied = both.agg(lambda c: 0 < c.notna().sum() < len(c))
    linked = _only(cells, tied.index[tied])
    found.append(links(linked, colonia, ["quarter", "group"], name=name))
    return found


def _range(figures: pd.Series) -> pd.DataFrame:
    """Return what figures say: a multiple of the base was rounded, any other is the count."""
    whole = (figures.astype(float) % BASE == 0).to_numpy()[:, None]
    rounded, exact = rounded_range(figures, base=BASE), exact_range(figures)
    return pd.DataFrame(np.where(whole, rounded, exact), figures.index, ["low", "high"])


def _within(cells: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    return cells[(cells["quarter"] >= start) & (cells["quarter"] < end)]


def _told_apart(
    cells: pd.DataFrame, place: pd.DataFrame, sums: pd.DataFrame, name: str, *, own: bool = False
) -> list[Claims]:
    """Return the claims of sums that are not those of the figures published.

    With `own`, of all of them: they were made from true counts, whatever they come to.
    """
    by = [c for c in sums.columns if c != "told"]
    place = place[place["group"].notna() & (place["colonia_id"].notna() | ("colonia_id" not in by))]
    groups = place[place["group"].isin(words.GROUPS)].assign(group=words.TOTAL)
    parts = pd.concat([place, groups])
    parts = parts.assign(figure=parts["figure"].astype(float))
    totals = parts.groupby(by, as_index=False)["figure"].agg(["sum", "count", "size"])
    whole = totals["count"] == totals["size"]  # a hidden part hides the sum
    totals = totals[by].assign(figure=totals["sum"].where(whole))
    told = sums.dropna(subset=["told"]).merge(totals, on=by)
    derived = (told["told"].astype(float) - told["figure"].astype(float)).abs() < _NEAR
    told = told[own | ~derived]
    found = []
    for total, rows in told.groupby(told["group"] == words.TOTAL):
        inside = place[place["group"].isin(words.GROUPS)].assign(group=words.TOTAL)
        spoken = (inside if total else place)[by].astype(object).reindex(cells.index)
        release = rows[by].astype(object).join(_range(rows["told"].astype(float).round()))
        found.append(sums_within(spoken, release, by, name=name))
    return found


def _of_rates(crime: pd.DataFrame) -> pd.DataFrame:
    """Return the counts that rates are of, for whoever knows the population."""
    counts = crime["rate"] * crime["person_years"] / _PER
    return crime[["colonia_id", "group"]].assign(told=counts.where(crime["person_years"] > 0))


def _only(cells: pd.DataFrame, kept: pd.Index) -> pd.DataFrame:
    inside = pd.MultiIndex.from_frame(cells[["quarter", "group"]]).isin(kept)
    return cells.assign(quarter=cells["quarter"].where(inside), group=cells["group"].where(inside))
