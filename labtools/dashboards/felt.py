"""The page of perception: crime beside fear, recorded beside probable, colonia by colonia."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import ipywidgets as widgets

from labtools.charts.dark_figure import dark_figure_chart
from labtools.charts.fear_gap import fear_gap_chart
from labtools.charts.perception import perception_chart
from labtools.charts.svg import Svg, element, joined
from labtools.dashboards.choices import colonia_choices
from labtools.dashboards.data import ReleasedData
from labtools.messages import text
from labtools.narrative import sentences


class FeltPage:
    """State of one viewer's page: the colonia on show.

    Attributes
    ----------
    page : ipywidgets.Widget
        What the notebook shows.
    colonia_id : str
        On show; empty where no colonia of the edition has a ficha.
    """

    def __init__(self, data: ReleasedData) -> None:
        self._data = data
        with_ficha = set(data.colonias.query("has_ficha")["colonia_id"])
        choices = [it for it in colonia_choices(data.colonias) if it.colonia_id in with_ficha]
        self._known = [choice.colonia_id for choice in choices]
        self.colonia_id = self._known[0] if self._known else ""
        self._list = widgets.Dropdown(
            options=[(choice.label, choice.colonia_id) for choice in choices],
            description=text("Colonia"),
        )
        self._told = widgets.HTML()
        self._list.observe(self._take, "value")
        self._show()
        css = files("labtools.dashboards").joinpath("explorer.css").read_text(encoding="utf-8")
        style = widgets.HTML(Svg(f"<style>{css}</style>"), layout=widgets.Layout(display="none"))
        controls = _boxed("lab-controls", _boxed("lab-control", self._list))
        self.page = _boxed("lab-explorer", style, controls, _boxed("lab-right", self._told))

    def choose(self, colonia_id: object) -> None:
        """Show a colonia; anything that is none of this edition changes nothing."""
        if isinstance(colonia_id, str) and colonia_id in self._known:
            self.colonia_id = colonia_id
            self._list.value = colonia_id
            self._show()

    def _take(self, change: Mapping[str, Any]) -> None:
        self.choose(change["new"])

    def _show(self) -> None:
        if not self.colonia_id:
            self._told.value = str(element("p", text("No colonia of this edition has a ficha.")))
            return
        released = self._data.ficha(self.colonia_id)
        said, tables = sentences(released), released.tables
        felt = tables["perception"]
        felt = felt[felt["indicator"] == "insecurity"]
        shown = (
            (text("Crime beside fear"), "fear_gap", fear_gap_chart, tables.get("fear_gap")),
            (
                text("Recorded and probable"),
                "dark_figure",
                dark_figure_chart,
                tables.get("dark_figure"),
            ),
            (text("Perception"), "perception", perception_chart, felt),
        )
        parts: list[Svg] = []
        for title, section, chart, table in shown:
            parts.append(element("h2", title))
            parts.extend(element("p", sentence) for sentence in said[section])
            if table is not None and len(table):
                parts.append(element("figure", chart(table)))
        parts.append(element("h2", text("What is not known")))
        parts.extend(element("p", sentence) for sentence in said["unknowns"])
        self._told.value = str(joined(parts))


def felt_page(data: ReleasedData) -> widgets.Widget:
    """Return the page of perception as one widget: the last line of a dashboard's notebook."""
    return FeltPage(data).page


def _boxed(css_class: str, *inside: widgets.Widget) -> widgets.Box:
    box = widgets.Box(inside)
    box.add_class(css_class)
    return box
