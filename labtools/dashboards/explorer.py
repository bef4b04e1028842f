"""The explorer of colonias: a map on the left, the chosen colonia's ficha on the right.

Nothing here decides what may be seen: whatever the explorer holds was released before.
What a viewer's browser sends is checked where it arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets
import pandas as pd

from labtools.charts.svg import element, escape
from labtools.dashboards.choices import (
    GROUPS,
    ColoniaChoice,
    colonia_choices,
    group_choices,
    matching,
)
from labtools.dashboards.claims import ClaimBox
from labtools.dashboards.colonia_map import ColoniaMap, legend, tiers_of, zeros_of
from labtools.dashboards.data import ReleasedData
from labtools.dashboards.layout import FULL, address_box, boxed, house_style, labelled
from labtools.dashboards.panel import Pictures, Tell, ficha_panel, months_covered
from labtools.messages import plural, say, text
from labtools.tables import vocabulary as words
from labtools.tables.released import slug

LONGEST_SEARCH = 60


class ColoniaExplorer:
    """State of one viewer's page: the colonia and the crime group on show.

    Attributes
    ----------
    page : ipywidgets.Widget
        What the notebook shows.
    colonia_id, group : str
        What is on show now.
    claim : ClaimBox
        Where a claim about what is on show is checked.
    """

    def __init__(self, data: ReleasedData, *, pictures: Pictures, tell: Tell) -> None:
        self._data, self._pictures, self._tell = data, pictures, tell
        self._choices = colonia_choices(data.colonias)
        self._known = {choice.colonia_id: choice.label for choice in self._choices}
        self.colonia_id = self._first()
        self.group = words.TOTAL
        self._map = ColoniaMap(data.colonias, self.choose)
        self._search = widgets.Text(placeholder=text("Type a name"), layout=FULL)
        self._list = widgets.Dropdown(layout=FULL)
        self._groups = widgets.Dropdown(options=group_choices(), layout=FULL)
        self._found, self._caption, self._ficha = (widgets.HTML() for _ in range(3))
        self._legend, self._heard = widgets.HTML(), widgets.HTML()
        self._address = address_box(self._choose_named)
        self.claim = ClaimBox(data.period)
        self._listen()
        self._say_choices(self._choices)
        self._show_group()
        self.page = self._laid_out()

    def choose(self, colonia_id: object) -> None:
        """Show a colonia; anything that is not a colonia of this edition changes nothing."""
        if isinstance(colonia_id, str) and colonia_id in self._known:
            self.colonia_id = colonia_id
            if colonia_id not in {value for _, value in self._list.options}:
                self._say_choices(self._choices)
            self._list.value = colonia_id
            self._show_colonia()

    def choose_group(self, group: object) -> None:
        """Show a crime group; anything else changes nothing."""
        if isinstance(group, str) and group in GROUPS:
            self.group = group
            self._groups.value = group
            self._show_group()

    def search(self, typed: object) -> None:
        """List the colonias whose names hold what was typed, with or without accents."""
        if not isinstance(typed, str):
            return
        found = matching(self._choices, typed[:LONGEST_SEARCH])
        self._say_choices(found)
        self._found.value = _say_found(len(found)) if typed.strip() else ""

    def choose_first_found(self, typed: object) -> None:
        """Show the first colonia found: what Enter does in the search box."""
        found = matching(self._choices, str(typed)[:LONGEST_SEARCH])
        if found:
            self.choose(found[0].colonia_id)

    def _first(self) -> str:
        with_ficha = set(self._data.colonias.query("has_ficha")["colonia_id"])
        ordered = [choice.colonia_id for choice in self._choices]
        return next((key for key in ordered if key in with_ficha), ordered[0])

    def _listen(self) -> None:
        self._list.observe(self._take_from_list, "value")
        self._groups.observe(lambda change: self.choose_group(change["new"]), "value")
        self._search.observe(lambda change: self.search(change["new"]), "value")
        self._search.on_msg(self._take_enter)

    def _take_enter(self, box: widgets.Text, said: Mapping[str, Any], _: object) -> None:
        if said.get("event") == "submit":
            self.choose_first_found(box.value)

    def _choose_named(self, named: str) -> None:
        found = next((key for key in self._known if slug(key) == named), None)
        if found != self.colonia_id:
            self.choose(found)

    def _take_from_list(self, change: Mapping[str, Any]) -> None:
        self.choose(change["new"])

    def _say_choices(self, found: tuple[ColoniaChoice, ...]) -> None:
        options = [(choice.label, choice.colonia_id) for choice in found]
        is_there = self.colonia_id in {value for _, value in options}
        prompt = [] if is_there else [(text("Choose a colonia…"), "")]
        self._list.unobserve(self._take_from_list, "value")  # new options choose their first
        self._list.options = [*prompt, *options]
        self._list.value = self.colonia_id if is_there else ""
        self._list.observe(self._take_from_list, "value")

    def _show_group(self) -> None:
        tiers = tiers_of(self._data.crime, self.group)
        self._map.show_tiers(tiers)
        self._legend.value = str(
            legend(set(tiers.values()), zeros_of(self._data.crime, self.group))
        )
        self._caption.value = self._say_caption()
        self._show_colonia()

    def _show_colonia(self) -> None:
        released = self._data.ficha(self.colonia_id)
        self._map.mark(self.colonia_id)
        self._heard.value = str(element("p", self._say_shown()))
        panel = ficha_panel(released, self.group, pictures=self._pictures, tell=self._tell)
        named = slug(self.colonia_id)
        self._ficha.value = str(element("div", panel, data_colonia=named))
        self._address.value = named
        self.claim.speak_of(self._known[self.colonia_id], self._change_here())

    def _change_here(self) -> pd.Series:
        table = self._data.change
        here = (table["colonia_id"] == self.colonia_id) & (table["group"] == self.group)
        return table[here].iloc[0] if here.any() else pd.Series({"group": self.group})

    def _say_shown(self) -> str:
        name = self._known[self.colonia_id]
        return text("Now shown: {name}. {group}", name=name, group=words.label(self.group))

    def _say_caption(self) -> str:
        months = months_covered(self._data.period)
        shown = text("{group}, {months}", group=words.label(self.group), months=months)
        return str(element("p", shown, class_="lab-caption"))

    def _laid_out(self) -> widgets.Widget:
        controls = boxed(
            "lab-controls",
            labelled(text("Search a colonia"), self._search, self._found),
            labelled(text("Colonia"), self._list),
            labelled(text("Recorded crime on the map"), self._groups),
        )
        place = boxed("lab-map", self._map.widget)
        left = boxed("lab-left", self._caption, place, self._legend, _advice(), self.claim.widget)
        columns = boxed("lab-columns", left, boxed("lab-right", self._ficha))
        heard = boxed("lab-heard", self._heard)
        inside = (house_style(), self._address, controls, heard, columns)
        return boxed("lab-explorer lab-by-colonia", *inside)


def colonia_explorer(
    data: ReleasedData, *, pictures: Pictures | None = None, tell: Tell | None = None
) -> widgets.Widget:
    """Return the explorer of colonias as one widget.

    Use it as the last line of a dashboard's notebook.

    Parameters
    ----------
    data : ReleasedData
        What :func:`labtools.dashboards.data.open_released` opened.
    pictures, tell : optional
        How tables are drawn and told; the house's own unless given.
    """
    return ColoniaExplorer(
        data, pictures=pictures or house_pictures(), tell=tell or house_sentences()
    ).page


def house_pictures() -> Pictures:
    """Return the charts of the ficha, the same as on the published pages."""
    from labtools.charts.change import change_chart  # noqa: PLC0415 - other pictures may be given
    from labtools.charts.intervals import interval_chart  # noqa: PLC0415 - as above
    from labtools.charts.perception import perception_chart  # noqa: PLC0415 - as above
    from labtools.charts.place import place_chart  # noqa: PLC0415 - as above
    from labtools.charts.series import series_chart  # noqa: PLC0415 - as above

    return Pictures(
        rates=interval_chart,
        change=change_chart,
        place=place_chart,
        perception=perception_chart,
        series=lambda table, group: series_chart(table, group=group),
    )


def house_sentences() -> Tell:
    """Return the narrative of the ficha, the same as on the published pages."""
    from labtools.narrative import sentences  # noqa: PLC0415 - other words may be given

    return sentences


def _say_found(n: int) -> str:
    found = plural("{n} colonia found", "{n} colonias found")
    return f'<p class="lab-found" role="status">{escape(say(found, n=n))}</p>'


def _advice() -> widgets.HTML:
    """Return how to read the map, in one breath."""
    advice = text(
        "A colonia is set apart only where the interval of its steadied rate leaves out the "
        "municipality's rate. "
        "The map does not rank colonias."
    )
    return widgets.HTML(str(element("p", advice, class_="lab-advice")))
