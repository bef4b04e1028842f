"""The overview's tables in words: each figure with its interval, headings in the reader's language.

When to use it: a table of the whole municipality is to be read by people.  When not: to reckon
with; the canonical tables hold the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from labtools.charts.figures import named, real, share_words
from labtools.charts.perception import area_words
from labtools.messages import mark, month, number, say, text
from labtools.publish.briefing_crime import by_group, changed_words
from labtools.publish.felt import comparison_heads, comparison_words, points_words
from labtools.tables import vocabulary as words
from labtools.tables.batteries import battery_label
from labtools.tables.records import records

_VERSUS: Mapping[str, str] = MappingProxyType(
    {
        "above": mark("the city lies above"),
        "below": mark("the city lies below"),
        "similar": mark("cannot be told apart"),
        "unknown": mark("not known"),
        "itself": mark("the city itself"),
    }
)


def crime_in_words(municipality_crime: pd.DataFrame) -> pd.DataFrame:
    """Return recorded crime of the municipality by group, with its rate and change."""
    rows = [
        (
            named(str(row["group"])),
            row["before"],
            row["now"],
            _with_ends(row, ("rate", "lower", "upper")),
            changed_words(row),
            words.label(str(row["verdict"])),
        )
        for row in by_group(municipality_crime)
    ]
    heads = (
        text("Group"),
        text("Twelve months before"),
        text("Last twelve months"),
        text("Per 1,000 residents (95 % interval)"),
        text("Change (95 % interval)"),
        text("Reading"),
    )
    return pd.DataFrame(rows, columns=heads).set_index(heads[0])


def months_in_words(series: pd.DataFrame, last: int = 24) -> pd.DataFrame:
    """Return the last months of the municipality, a group in each column."""
    wide = series.pivot_table(index="month", columns="group", values="events", dropna=False)
    order = [one for one in (words.TOTAL, *words.GROUPS, words.SENSITIVE) if one in wide]
    shown = wide[order].tail(last).round().astype("Int64").rename(columns=named)
    shown.index = pd.Index([month(day) for day in shown.index], name=text("Month"))
    return shown.rename_axis(columns=None)


def asked_in_words(perception: pd.DataFrame) -> pd.DataFrame:
    """Return shares of one indicator as they were asked: when, by whom, of how many people."""
    rows = [
        (
            month(pd.Timestamp(str(row["period"]))),
            area_words(row),
            _share(row),
            "—" if pd.isna(row["respondents"]) else number(real(row["respondents"])),
        )
        for row in records(perception)
    ]
    heads = (
        text("When"),
        text("Of whom, and who asked"),
        text("Share of people (95 % interval)"),
        text("People asked"),
    )
    return pd.DataFrame(rows, columns=heads).set_index(heads[0])


def answers_in_words(around: pd.DataFrame) -> pd.DataFrame:
    """Return what protects and what worries: an answer in each row, an area in each column.

    Parameters
    ----------
    around : pandas.DataFrame
        Of :func:`labtools.narrative.around.around_table`.
    """
    told = pd.DataFrame(
        {
            text("Battery"): [battery_label(str(one)) for one in around["battery"]],
            text("Answer"): [named(str(one)) for one in around["indicator"]],
            "area": around["area"].astype(str).tolist(),
            "share": [_share(row) for row in records(around)],
        }
    )
    keys = [text("Battery"), text("Answer")]
    wide = told.pivot_table(index=keys, columns="area", values="share", aggfunc="first", sort=False)
    return wide.fillna("—").rename_axis(columns=None)


def changes_in_words(changes: pd.DataFrame) -> pd.DataFrame:
    """Return changes of perception: before and now, their difference, and whether it is chance."""
    rows = [
        (area_words(row), *comparison_words(named(str(row["indicator"])), row))
        for row in records(changes[changes["state"] == words.SHOWN])
    ]
    heads = (text("Of whom, and who asked"), *comparison_heads())
    return pd.DataFrame(rows, columns=heads).set_index(heads[0])


def peers_in_words(peers: pd.DataFrame) -> pd.DataFrame:
    """Return the city beside the country and other cities, in alphabetical order."""
    rows = [
        (
            str(row["city"]),
            share_words(row["share"], row["lower"], row["upper"], words.SHOWN),
            _points(row) if row["versus"] != "itself" else "",
            say(_VERSUS[str(row["versus"])]),
        )
        for row in records(peers.sort_values("city"))
    ]
    heads = (
        text("City"),
        text("Share of people (95 % interval)"),
        text("Difference, percentage points (95 % interval)"),
        text("Reading"),
    )
    return pd.DataFrame(rows, columns=heads).set_index(heads[0])


def _with_ends(row: Mapping[str, object], names: tuple[str, str, str]) -> str:
    if any(pd.isna(real(row[name])) for name in names):
        return words.label(words.MISSING)
    middle, low, high = (number(real(row[name]), 2) for name in names)
    return text("{figure} ({low} to {high})", figure=middle, low=low, high=high)


def _share(row: Mapping[str, object]) -> str:
    return share_words(row["share"], row["lower"], row["upper"], str(row["state"]))


def _points(row: Mapping[str, object]) -> str:
    names = ("difference", "difference_lower", "difference_upper")
    if any(pd.isna(real(row[name])) for name in names):
        return words.label(words.MISSING)
    return points_words(row, names)
