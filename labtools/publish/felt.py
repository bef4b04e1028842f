"""What people feel in the whole municipality, for the briefing of the council."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from labtools.charts.figures import named, real
from labtools.charts.perception import area_words, perception_chart
from labtools.charts.rows import in_order
from labtools.charts.share_series import share_series_chart
from labtools.messages import number, percent, plural, say, text
from labtools.narrative.felt import asks_words, city_dark_figure_sentences
from labtools.publish.changes import TOLD_APART
from labtools.publish.figures import Cell
from labtools.publish.sections import Rows, Section
from labtools.tables import vocabulary as words
from labtools.tables.records import records

Tables = Mapping[str, pd.DataFrame]


def fear_gap_in_short(tables: Tables) -> Section | None:
    """Return how many colonias lie in each combination of crime and fear, and what each asks.

    No colonia is named: which one it is stands in its own ficha.
    """
    table = tables.get("fear_gap", pd.DataFrame())
    told = table[table["state"] == words.SHOWN] if len(table) else table
    if told.empty:
        return None
    title = text("Crime beside fear")
    counted = told["verdict"].value_counts()
    rows = tuple(
        (
            Cell(words.label(quadrant)),
            Cell(number(int(counted.get(quadrant, 0)))),
            Cell(asks_words(quadrant)),
        )
        for quadrant in words.QUADRANTS
    )
    apart = int(told["verdict"].isin(words.QUADRANTS).sum())
    said = text(
        "Of {n} colonias with figures, {apart} can be placed with enough certainty; of the other "
        "{rest} these data cannot tell.",
        n=number(len(told)),
        apart=number(apart),
        rest=number(len(told) - apart),
    )
    heads = (text("Combination"), text("Colonias"), text("What it asks for"))
    tables_told = (Rows(title, heads, rows, "wide"),)
    return Section(
        "fear_gap", title, "full", sentences=(said,), tables=tables_told, made_of=("fear_gap",)
    )


def probable_crime_section(tables: Tables) -> Section | None:
    """Return the municipality's recorded crimes beside those that probably happened."""
    table = tables.get("municipality_dark_figure", pd.DataFrame())
    known = table.dropna(subset=["events", "probable"]) if len(table) else table
    if known.empty:
        return None
    rows = tuple(
        (
            Cell(named(str(row["group"]))),
            Cell(number(real(row["events"]))),
            Cell(_with_ends(number, row, "probable", ("lower", "upper"))),
            Cell(_with_ends(_of_100, row, "reporting", ("reporting_lower", "reporting_upper"))),
        )
        for row in in_order(known)
    )
    title = text("Recorded and probable")
    heads = (
        text("Group"),
        text("Recorded"),
        text("Probable (95 % interval)"),
        text("Recorded of every 100 (95 % interval)"),
    )
    notes = (
        text(
            "The municipality's probable figure is not the sum of its colonias' figures: it is "
            "worked out with the doubt of all of them together. Sexual and family violence is "
            "not among them: how much of it is recorded is not known here."
        ),
    )
    said = city_dark_figure_sentences(known)
    table_of = Rows(title, heads, rows, "wide")
    key = "municipality_dark_figure"
    return Section(
        key, title, "full", sentences=said, tables=(table_of,), notes=notes, made_of=(key,)
    )


def _of_100(share: float) -> str:
    return number(100 * share)


def _with_ends(
    words_of: Callable[[float], str],
    row: Mapping[str, object],
    figure: str,
    ends: tuple[str, str],
) -> str:
    middle, low, high = (words_of(real(row[name])) for name in (figure, *ends))
    return text("{figure} ({low} to {high})", figure=middle, low=low, high=high)


def perception_section(tables: Tables) -> Section | None:
    """Return what the surveys of the city and its boroughs say, beside a year before."""
    table = tables.get("perception_change", pd.DataFrame())
    shown = _over_a_year(table[table["state"] == words.SHOWN]) if len(table) else table
    if shown.empty:
        return None
    told_apart = shown["verdict"].isin(TOLD_APART)
    told = shown[(shown["area_kind"] == "city") | (shown["indicator"] == "insecurity") | told_apart]
    title = text("What people feel")
    feeling = _feeling(tables)
    n, found = len(shown), int(told_apart.sum())
    counted = say(
        plural(
            "Of {all} comparisons over a year, of the city and its boroughs, one can be told apart "
            "from chance.",
            "Of {all} comparisons over a year, of the city and its boroughs, {n} can be told apart "
            "from chance.",
        ),
        all=number(n),
        n=found,
    )
    if not found:
        counted = text(
            "Of {n} comparisons over a year, of the city and its boroughs, none can be told apart "
            "from chance.",
            n=number(n),
        )
    below = text("Below are those told apart, those of the city, and those of feeling unsafe.")
    return Section(
        "perception",
        title,
        layout="full",
        sentences=(counted, below),
        tables=tuple(_compared(told)),
        pictures=(*_series(feeling), perception_chart(feeling)) if len(feeling) else (),
        made_of=("perception_change", "perception"),
        ties=(("perception_change",), ("perception_change",)),
    )


def comparison_heads() -> tuple[str, ...]:
    """Return the headings of what `comparison_words` tells."""
    return (
        text("Indicator"),
        text("Before"),
        text("Now"),
        text("Difference, percentage points (95 % interval)"),
        text("Reading"),
    )


def _compared(told: pd.DataFrame) -> Iterator[Rows]:
    """Give the comparisons of each survey of the city, and those of the boroughs together."""
    heads = comparison_heads()
    whole = told[told["area_kind"] == "city"]
    for _, asked in whole.groupby(["area", "source"], sort=False):
        rows = [(named(str(row["indicator"])), row) for row in records(asked)]
        place = area_words(rows[0][1])
        yield Rows(place, heads, tuple(_comparison(*row) for row in rows), "wide", unseen=False)
    parts = told[told["area_kind"] != "city"]
    for indicator, asked in parts.groupby("indicator", sort=False):
        rows = [(str(row["area"]), row) for row in records(asked)]
        caption = text("{indicator}, by borough", indicator=named(str(indicator)))
        made = tuple(_comparison(*row) for row in rows)
        yield Rows(caption, (text("Borough"), *heads[1:]), made, "wide", unseen=False)


def comparison_words(name: str, row: Mapping[str, object]) -> tuple[str, ...]:
    """Return a change of a share under its name: both shares, their difference, the reading."""
    return (
        name,
        _share_on(row["before"], row["before_period"]),
        _share_on(row["now"], row["period"]),
        points_words(row),
        words.label(str(row["verdict"])),
    )


def _comparison(name: str, row: Mapping[str, object]) -> tuple[Cell, ...]:
    return tuple(Cell(told) for told in comparison_words(name, row))


def _over_a_year(table: pd.DataFrame) -> pd.DataFrame:
    """Return one comparison of each area and indicator: that nearest to a year."""
    apart = table["period"] - table["before_period"]
    nearest = (apart - pd.Timedelta(days=365)).abs()
    order = nearest.sort_values(kind="stable").index
    first = table.loc[order].drop_duplicates(["area_kind", "area", "indicator", "source"])
    kinds = (first["area_kind"] != "city").rename("kind")
    places = first.assign(kind=kinds).sort_values(["kind", "area", "indicator", "source"])
    return places.drop(columns="kind")


def _series(feeling: pd.DataFrame) -> Iterator[str]:
    """Draw the city's published series, where it has more than one quarter."""
    official = feeling[feeling["source"] == "city_perception"]
    if official["share"].notna().sum() > 1:
        title = text("{city}: people who feel unsafe", city=str(official["area"].iloc[0]))
        yield share_series_chart(official.rename(columns={"period": "quarter"}), title=title)


def _feeling(tables: Tables) -> pd.DataFrame:
    perception = tables.get("perception", pd.DataFrame())
    if perception.empty:
        return perception
    asked = perception["indicator"] == "insecurity"
    return perception[asked & perception["area_kind"].isin(["city", "borough"])]


def points_words(
    row: Mapping[str, object], ends: tuple[str, str, str] = ("difference", "lower", "upper")
) -> str:
    """Return a difference of shares with its interval, in points: "−4.9 (−11.0 to +1.2)"."""
    middle, low, high = (_signed(row[end]) for end in ends)
    return text("{figure} ({low} to {high})", figure=middle, low=low, high=high)


def _signed(share: object) -> str:
    points = round(100 * float(str(share)), 1)
    sign = "−" if points < 0 else "+" if points else ""
    return f"{sign}{number(abs(points), 1)}"


def _share_on(share: object, period: object) -> str:
    asked = pd.Timestamp(str(period))
    return f"{percent(float(str(share)))} ({asked:%m/%Y})"
