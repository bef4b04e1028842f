"""A table of a dashboard with more columns than a phone is wide: there each row is a card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labtools.charts.svg import Svg, element, joined


def wide_table(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Svg:
    """Return a table in a region that the keyboard reaches and scrolls.

    On a phone every cell stands below the one before it, beside the name of its column; roles
    keep it a table for whoever hears it.

    Parameters
    ----------
    name : str
        What the table holds: its caption, and the name of the region.
    heads : sequence of str
        Name of each column.
    rows : iterable of sequence of str
        Cells, the first of which names the row.
    """
    named = [element("th", it, scope="col", role="columnheader") for it in heads]
    head = element("thead", element("tr", *named, role="row"), role="rowgroup")
    body = element("tbody", joined(_row(heads, row) for row in rows), role="rowgroup")
    table = element(
        "table",
        element("caption", name),
        head,
        body,
        class_="lab-rows lab-wide",
        role="table",
    )
    return element("div", table, class_="lab-scroll", tabindex=0, role="region", aria_label=name)


def _row(heads: Sequence[str], cells: Sequence[str]) -> Svg:
    first = element("th", cells[0], scope="row", role="rowheader")
    others = [
        element("td", cell, role="cell", data_label=head)
        for head, cell in zip(heads[1:], cells[1:], strict=True)
    ]
    return element("tr", first, *others, role="row")
