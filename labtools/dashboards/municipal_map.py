"""The map of the municipality: one crime group at a time, in tiers, with the same as a table.

The table is in the order of a dictionary: neither map nor table ranks colonias.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets
import pandas as pd

from labtools.charts import figures
from labtools.charts.svg import Svg, element, joined
from labtools.dashboards.choices import GROUPS, colonia_choices, group_choices
from labtools.dashboards.colonia_map import ColoniaMap, legend, tiers_of, zeros_of
from labtools.dashboards.data import ReleasedData
from labtools.dashboards.layout import FULL, boxed, house_style, labelled
from labtools.dashboards.rows import wide_table
from labtools.messages import text
from labtools.tables import vocabulary as words
from labtools.tables.records import records


class MunicipalMap:
    """State of one viewer's page: the crime group on show.

    Attributes
    ----------
    page : ipywidgets.Widget
        What the notebook shows.
    group : str
        What is on show now.
    """

    def __init__(self, data: ReleasedData) -> None:
        self._crime = data.crime
        self._names = {c.colonia_id: c.label for c in colonia_choices(data.colonias)}
        self.group = words.TOTAL
        self._map = ColoniaMap(data.colonias, self.point_at)
        self._groups = widgets.Dropdown(options=group_choices(), layout=FULL)
        self._legend, self._rows, self._pointed = (widgets.HTML() for _ in range(3))
        self._groups.observe(self._take_group, "value")
        self._map.mark_none()  # a layer without data cannot be drawn
        self._show()
        self.page = self._laid_out()

    def choose_group(self, group: object) -> None:
        """Show a crime group; anything else changes nothing."""
        if isinstance(group, str) and group in GROUPS:
            self.group = group
            self._groups.value = group
            self._show()

    def point_at(self, colonia_id: object) -> None:
        """Mark a colonia and say its figures; anything that is not one changes nothing."""
        if isinstance(colonia_id, str) and colonia_id in self._names:
            self._map.mark(colonia_id)
            rows = self._of_group()
            found = rows[rows["colonia_id"] == colonia_id]
            told = [self._said(row) for row in records(found)]
            said = joined(element("p", f"{name}: {count}") for name, count, *_ in told)
            self._pointed.value = str(said)

    def _take_group(self, change: Mapping[str, Any]) -> None:
        self.choose_group(change["new"])

    def _of_group(self) -> pd.DataFrame:
        rows: pd.DataFrame = self._crime[self._crime["group"] == self.group]
        return rows

    def _show(self) -> None:
        tiers = tiers_of(self._crime, self.group)
        self._map.show_tiers(tiers)
        self._legend.value = str(legend(set(tiers.values()), zeros_of(self._crime, self.group)))
        self._rows.value = str(self._table())

    def _table(self) -> Svg:
        rows = {row["colonia_id"]: row for row in records(self._of_group())}
        heads = (
            text("Colonia"),
            text("Recorded crimes"),
            text("Per 1,000 residents (95 % interval)"),
            text("Steadied rate (95 % interval)"),
        )
        told = (self._said(rows[key]) for key in self._names if key in rows)
        return wide_table(words.label(self.group), (*heads, text("Reading")), told)

    def _said(self, row: Mapping[str, object]) -> tuple[str, ...]:
        state = str(row["state"])
        shown = state == words.SHOWN
        versus = words.label(str(row["versus_municipality"])) if shown else ""
        ends = row["smoothed_lower"], row["smoothed_upper"]
        return (
            self._names[str(row["colonia_id"])],
            figures.count_words(row["events"], row["events_low"], row["events_high"], state),
            figures.figure_words(row["rate"], row["lower"], row["upper"], state),
            figures.figure_words(row["smoothed"], *ends, state),
            versus or figures.state_words(state),
        )

    def _laid_out(self) -> widgets.Widget:
        control = boxed("lab-controls", labelled(text("Recorded crime on the map"), self._groups))
        advice = text(
            "A colonia is set apart only where the interval of its steadied rate leaves out the "
            "municipality's rate. The map does not rank colonias."
        )
        said = widgets.HTML(str(element("p", advice, class_="lab-advice")))
        left = boxed("lab-left", boxed("lab-map", self._map.widget), self._legend, said)
        heard = boxed("lab-heard", self._pointed)
        columns = boxed("lab-columns", left, boxed("lab-right lab-of-map", self._rows))
        return boxed("lab-explorer", house_style(), control, heard, columns)


def municipal_map(data: ReleasedData) -> widgets.Widget:
    """Return the map of the municipality as one widget: the last line of its notebook."""
    return MunicipalMap(data).page
