"""What people answered besides fear itself: what protects and what worries, each of its area."""

from __future__ import annotations

from labtools.messages import text
from labtools.publish import figures
from labtools.publish.sections import Rows, Section, Source
from labtools.publish.wording import ficha_words
from labtools.tables.batteries import PROTECTS, battery_of, is_told_by_colonia
from labtools.tables.records import Record, records


def answers_section(source: Source) -> Section | None:
    """Return the answers to other questions, what protects first; None where there are none.

    Batteries are of the borough and the city: their table has no column of the colonia.  The two
    sides of paper leave it, and what is neither, to the page.
    """
    asked = records(source.tables["perception"])
    beside = beside_crime({row["indicator"] for row in asked})
    rest = [row for row in asked if row["indicator"] not in beside]
    protects = [row for row in rest if battery_of(row["indicator"]) == PROTECTS]
    worries = [row for row in rest if battery_of(row["indicator"]) not in {PROTECTS, ""}]
    near = [row for row in worries if is_told_by_colonia(row["indicator"])]
    far = [row for row in worries if not is_told_by_colonia(row["indicator"])]
    other = [row for row in rest if not battery_of(row["indicator"])]
    tables = (
        *_table(text("What protects, with its 95 % interval"), protects),
        *_table(text("What worries, with its 95 % interval"), near),
        *_table(
            text("What worries in the borough and the city, with its 95 % interval"),
            far,
            printed=False,
        ),
        *_table(text("Other answers, with their 95 % interval"), other, printed=False),
    )
    if not tables:
        return None
    title = ficha_words()["answers"]
    return Section("answers", title, "full", sentences=source.told("around"), tables=tables)


def beside_crime(indicators: set[str]) -> set[str]:
    """Return which answers stand beside recorded crime: the feeling of insecurity, if asked."""
    return indicators & {"insecurity"} or indicators


def _table(caption: str, perception: list[Record], *, printed: bool = True) -> tuple[Rows, ...]:
    areas, rows = figures.perception_table(perception)
    heads = (ficha_words()["indicator"], *areas)
    made = Rows(caption, heads, tuple(rows), "wide", unseen=False, printed=printed)
    return (made,) if rows else ()
