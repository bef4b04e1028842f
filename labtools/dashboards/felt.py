"""The page of perception: crime beside fear, recorded beside probable, colonia by colonia."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import pandas as pd

from labtools.charts import figures
from labtools.charts.dark_figure import dark_figure_chart
from labtools.charts.fear_gap import fear_gap_chart
from labtools.charts.figures import named
from labtools.charts.perception import area_words, perception_chart
from labtools.charts.svg import Svg, element, joined
from labtools.dashboards.choices import colonia_choices
from labtools.dashboards.data import ReleasedData
from labtools.dashboards.layout import FULL, address_box, boxed, house_style, labelled
from labtools.dashboards.rows import wide_table
from labtools.messages import text
from labtools.narrative import sentences
from labtools.narrative.around import around_table
from labtools.narrative.felt import city_dark_figure_sentences
from labtools.tables import vocabulary as words
from labtools.tables.records import records
from labtools.tables.released import slug


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
        self._known = {choice.colonia_id: choice.label for choice in choices}
        self.colonia_id = next(iter(self._known), "")
        self._list = widgets.Dropdown(
            options=[(label, key) for key, label in self._known.items()], layout=FULL
        )
        self._told = widgets.HTML()
        self._address = address_box(self._choose_named)
        self._list.observe(self._take, "value")
        self._show()
        controls = boxed("lab-controls", labelled(text("Colonia"), self._list))
        right = boxed("lab-right", self._told, widgets.HTML(str(_of_the_city(data))))
        inside = (house_style(), self._address, controls, right)
        self.page = boxed("lab-explorer lab-by-colonia", *inside)

    def choose(self, colonia_id: object) -> None:
        """Show a colonia; anything that is none of this edition changes nothing."""
        if isinstance(colonia_id, str) and colonia_id in self._known:
            self.colonia_id = colonia_id
            self._list.value = colonia_id
            self._show()

    def _choose_named(self, named: str) -> None:
        self.choose(next((key for key in self._known if slug(key) == named), None))

    def _take(self, change: Mapping[str, Any]) -> None:
        self.choose(change["new"])

    def _show(self) -> None:
        if not self.colonia_id:
            self._told.value = str(element("p", text("No colonia of this edition has a ficha.")))
            return
        released = self._data.ficha(self.colonia_id)
        said, tables = sentences(released), released.tables
        asked = tables["perception"]
        felt = asked[asked["indicator"] == "insecurity"]
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
        parts = []
        for title, section, chart, table in shown:
            drawn = table is not None and len(table)
            figure = element("figure", chart(table)) if drawn else Svg("")
            parts.append(_section(title, said[section], figure))
        parts.append(_section(text("What is not known"), said["unknowns"]))
        around = _answers(said["around"], around_table(asked))
        name = element("h2", self._known[self.colonia_id])
        sections = element("div", *parts, class_="lab-more")
        address = slug(self.colonia_id)
        self._told.value = str(
            element("div", name, sections, around, class_="lab-ficha", data_colonia=address)
        )
        self._address.value = address


def felt_page(data: ReleasedData) -> widgets.Widget:
    """Return the page of perception as one widget: the last line of a dashboard's notebook."""
    return FeltPage(data).page


def _of_the_city(data: ReleasedData) -> Svg:
    """Return recorded beside probable crime of the whole municipality, drawn once."""
    known = data.municipality_dark_figure.dropna(subset=["events", "probable"])
    if known.empty:
        return Svg("")
    said = city_dark_figure_sentences(known)
    drawn = element("figure", dark_figure_chart(known.assign(state=words.SHOWN)))
    told = _section(text("Recorded and probable in the whole municipality"), said, drawn)
    return element("div", told, class_="lab-ficha lab-of-city")


def _answers(said: Sequence[str], table: pd.DataFrame) -> Svg:
    """Return what protects and what worries: an answer in each row, an area in each column."""
    rows = records(table)
    areas = list(dict.fromkeys(area_words(row) for row in rows))
    found = {(str(row["indicator"]), area_words(row)): row for row in rows}
    heads = (text("Indicator"), *areas)
    told = [
        (named(one), *(_share(found.get((one, area))) for area in areas))
        for one in dict.fromkeys(str(row["indicator"]) for row in rows)
    ]
    title = text("What protects and what worries")
    drawn = wide_table(text("Answers, with their 95 % interval"), heads, told)
    return _section(title, said, drawn if told else Svg(""))


def _share(row: Mapping[str, object] | None) -> str:
    if row is None:
        return text("not told here")
    return figures.share_words(row["share"], row["lower"], row["upper"], str(row["state"]))


def _section(title: str, said: Sequence[str], *inside: Svg) -> Svg:
    """Return a section; none where there is nothing to say, as in a city that asked nobody."""
    if not said and not any(inside):
        return Svg("")
    told = joined(element("p", sentence) for sentence in said)
    return element("section", element("h3", title), told, *inside, class_="lab-section")
