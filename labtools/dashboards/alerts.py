"""Changes that can be told apart from chance, by colonia: what deserves a look.

Map and table tell the same.  Colonias are in the order of a dictionary, rises and falls together,
each with its interval; of the others the page says how many there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets

from labtools.charts import figures
from labtools.charts.ground import ground_of
from labtools.charts.svg import Svg, element, joined
from labtools.charts.tiers import change_map
from labtools.dashboards.choices import GROUPS, colonia_choices, group_choices
from labtools.dashboards.data import ReleasedData
from labtools.dashboards.layout import FULL, boxed, house_style, labelled
from labtools.dashboards.rows import wide_table
from labtools.messages import plural, say, text
from labtools.tables import vocabulary as words
from labtools.tables.records import records

_TOLD_APART = ("increase", "decrease")
EVERY = "every"
_QUARTERS = 4


class Alerts:
    """State of one viewer's page: the crime group on show, or all of them.

    Attributes
    ----------
    page : ipywidgets.Widget
        What the notebook shows.
    group : str
        What is on show now.
    """

    def __init__(self, data: ReleasedData) -> None:
        self._change, self._base = data.change, int(data.period["rounding_base"])
        self._names = {c.colonia_id: c.label for c in colonia_choices(data.colonias)}
        self.group = EVERY
        options = ((text("All groups"), EVERY), *group_choices())
        self._groups = widgets.Dropdown(options=options, layout=FULL)
        self._ground = ground_of(data.colonias)
        self._map, self._rows = widgets.HTML(), widgets.HTML()
        self._groups.observe(self._take_group, "value")
        self._show()
        controls = boxed("lab-controls", labelled(text("Crime groups"), self._groups))
        left = boxed("lab-left lab-still-map", self._map)
        columns = boxed("lab-columns", left, boxed("lab-right lab-alerts", self._rows))
        self.page = boxed("lab-explorer", house_style(), controls, columns)

    def choose_group(self, group: object) -> None:
        """Show a crime group, or all; anything else changes nothing."""
        if isinstance(group, str) and group in {EVERY, *GROUPS}:
            self.group = group
            self._groups.value = group
            self._show()

    def _take_group(self, change: Mapping[str, Any]) -> None:
        self.choose_group(change["new"])

    def _show(self) -> None:
        asked = self._change
        if self.group != EVERY:
            asked = asked[asked["group"] == self.group]
        found = asked[asked["verdict"].isin(_TOLD_APART)]
        order = {key: place for place, key in enumerate(self._names)}
        ordered = sorted(
            records(found),
            key=lambda row: (order[str(row["colonia_id"])], GROUPS.index(str(row["group"]))),
        )
        group = None if self.group == EVERY else self.group
        self._map.value = str(element("figure", change_map(self._ground, asked, group=group)))
        self._rows.value = str(joined((self._told(len(asked), len(found)), self._table(ordered))))

    def _told(self, asked: int, found: int) -> Svg:
        said = plural(
            "One comparison of {asked} can be told apart from chance; in the others there is no "
            "distinguishable change, or no figure.",
            "{n} comparisons of {asked} can be told apart from chance; in the others there is no "
            "distinguishable change, or no figure.",
        )
        return element("p", say(said, n=found, asked=asked), class_="lab-caption")

    def _table(self, rows: list[dict[str, object]]) -> Svg:
        if not rows:
            return Svg("")
        heads = (
            text("Colonia"),
            text("Group"),
            text("Reading"),
            text("Crimes, 12 months before"),
            text("Crimes, last 12 months"),
            text("Change (95 % interval)"),
        )
        name = text("Changes that can be told apart from chance")
        return wide_table(name, heads, map(self._row, rows))

    def _row(self, row: Mapping[str, object]) -> tuple[str, ...]:
        return (
            self._names[str(row["colonia_id"])],
            words.label(str(row["group"])),
            words.label(str(row["verdict"])),
            figures.summed_words(row["before"], str(row["group"]), _QUARTERS, self._base),
            figures.summed_words(row["now"], str(row["group"]), _QUARTERS, self._base),
            figures.change_words(row["ratio"], row["lower"], row["upper"], str(row["state"])),
        )


def alerts(data: ReleasedData) -> widgets.Widget:
    """Return the page of distinguishable changes as one widget: the last line of its notebook."""
    return Alerts(data).page
