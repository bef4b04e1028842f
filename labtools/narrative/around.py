"""What protects beside what worries: trust between neighbours, places, conducts, habits, conflicts.

A survey asks too few people of one colonia for most of these: they are told of its borough and
of the city, and the words say so.  No figure of a colonia is made of them.
"""

from __future__ import annotations

import pandas as pd

from labtools import messages
from labtools.messages import number, text
from labtools.narrative.crime import Tables
from labtools.tables import vocabulary as words
from labtools.tables.batteries import BATTERIES, PROTECTS, battery_of, is_told_by_colonia
from labtools.tables.records import Record, records

_NEAREST = {"colonia": 0, "borough": 1, "city": 2}
_TRUST = "cohesion"
_KEY = ["indicator", "area_kind", "area", "source"]
_PLACES = {name: place for place, name in enumerate(BATTERIES)}


def around_table(perception: pd.DataFrame) -> pd.DataFrame:
    """Return the last figures of what protects and of what worries, what protects first.

    Parameters
    ----------
    perception : pandas.DataFrame
        Rows of the canonical table ``perception``.

    Returns
    -------
    pandas.DataFrame
        The same columns and ``battery``; insecurity itself and what victims reported are no
        part of it.
    """
    # Every ficha asks for it: plain lists take a tenth of the time of a dozen steps of pandas.
    keys = list(zip(*(perception[column].tolist() for column in _KEY), strict=True))
    periods = perception["period"].tolist()
    last: dict[tuple[str, ...], object] = {}
    for key, period in zip(keys, periods, strict=True):
        last[key] = max(period, last.get(key, period))
    told = [n for n, key in enumerate(keys) if battery_of(key[0]) and periods[n] == last[key]]
    told.sort(key=lambda n: _order(keys[n]))
    found = perception.take(told)
    found.index = pd.RangeIndex(len(found))
    found["battery"] = pd.Series([battery_of(keys[n][0]) for n in told], dtype="str")
    return found


def around_sentences(tables: Tables) -> tuple[str, ...]:
    """Return what protects, and of which area what worries is told, for a ficha."""
    rows = records(around_table(tables["perception"]))
    if not rows:
        return (
            text(
                "No survey has asked here whether neighbours trust one another, nor about places, "
                "conducts, habits or conflicts: what protects this colonia is not known."
            ),
        )
    return (*_trust(rows), *_areas(rows))


def _order(key: tuple[str, ...]) -> tuple[int, str, int, str, str]:
    indicator, kind, area, source = key
    return _PLACES[battery_of(indicator)], indicator, _NEAREST[kind], area, source


def factors_by_side(factors: pd.DataFrame) -> pd.DataFrame:
    """Return traits of colonias that go with lower rates first, then with higher, then the rest.

    Parameters
    ----------
    factors : pandas.DataFrame
        Canonical table ``factors``: associations between places, never causes.

    Returns
    -------
    pandas.DataFrame
        The same columns and ``side``; a trait whose association cannot be told apart from
        chance, place or another trait is on neither side.
    """
    told = factors["reading"] == "association"
    lower, higher = told & (factors["upper"] < 1), told & (factors["lower"] > 1)
    side = pd.Series(text("neither: cannot be told apart"), factors.index, dtype="str")
    side = side.mask(lower, text("goes with lower rates")).mask(
        higher, text("goes with higher rates")
    )
    place = (2 - 2 * lower.astype(int) - higher.astype(int)).rename("_place")
    order = factors.assign(side=side, _place=place)
    return order.sort_values(["group", "_place", "indicator"]).drop(columns="_place")


def edition_sentences(changes: pd.DataFrame) -> tuple[str, ...]:
    """Return how many estimates of national surveys changed since the edition before.

    Parameters
    ----------
    changes : pandas.DataFrame
        Canonical table ``estimate_change``.
    """
    if changes.empty:
        return ()
    counted = changes["verdict"].value_counts()
    return (
        text(
            "National surveys of households: of {n} estimates with an earlier edition, {up} "
            "increased, {down} decreased, and of {rest} no change can be told apart.",
            n=number(len(changes)),
            up=number(int(counted.get("increase", 0))),
            down=number(int(counted.get("decrease", 0))),
            rest=number(int(counted.get("none", 0))),
        ),
    )


def _trust(rows: list[Record]) -> tuple[str, ...]:
    asked = [row for row in rows if row["indicator"] == _TRUST]
    shown = [row for row in asked if row["state"] == words.SHOWN]
    if not shown:
        return (
            text(
                "What protects: whether neighbours trust one another was not asked of enough "
                "people."
            ),
        )
    row = shown[0]
    own = [it["state"] for it in asked if it["area_kind"] == "colonia"]
    facts = {
        "share": number(100 * float(row["share"])),
        "lower": number(100 * float(row["lower"])),
        "upper": number(100 * float(row["upper"])),
        "when": messages.month(pd.Timestamp(row["period"]).date()),
    }
    if row["area_kind"] != "colonia" and words.SUPPRESSED in own:
        return (
            text(
                "What protects: in {area}, {share} of every 100 people trust their neighbours "
                "(between {lower} and {upper}; {when}). The figure of this colonia alone is "
                "withheld.",
                area=row["area"],
                **facts,
            ),
        )
    if row["area_kind"] != "colonia":
        return (
            text(
                "What protects: in {area}, {share} of every 100 people trust their neighbours "
                "(between {lower} and {upper}; {when}). Of this colonia alone it is not known.",
                area=row["area"],
                **facts,
            ),
        )
    return (
        text(
            "What protects: in this colonia, some {share} of every 100 people trust their "
            "neighbours (between {lower} and {upper}; {when}).",
            **facts,
        ),
    )


def _areas(rows: list[Record]) -> tuple[str, ...]:
    shown = [row for row in rows if row["state"] == words.SHOWN and _is_of_areas(row)]
    if not shown:
        return ()
    areas = dict.fromkeys(str(row["area"]) for row in sorted(shown, key=_kind_of))
    return (
        text(
            "What people saw near home, what they stopped doing, what they quarrelled about and "
            "other places where they feel unsafe are told of {areas}, and not of this colonia: "
            "too few people of one colonia are asked, and no figure of it is invented.",
            areas=messages.listed(list(areas)),
        ),
    )


def _is_of_areas(row: Record) -> bool:
    """Return whether a row worries and is told of a borough or the city alone."""
    worries = row["battery"] != PROTECTS and row["area_kind"] != "colonia"
    return worries and not is_told_by_colonia(str(row["indicator"]))


def _kind_of(row: Record) -> str:
    return str(row["area_kind"])
