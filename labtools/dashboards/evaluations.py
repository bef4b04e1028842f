"""The page of evaluations: whether each programme worked, from released tables only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets

from labtools.charts.effects import effects_chart
from labtools.charts.svg import Svg, element
from labtools.dashboards.data import ReleasedData
from labtools.dashboards.layout import FULL, boxed, house_style, labelled
from labtools.messages import mark, say, text
from labtools.narrative.evaluated import evaluation_of
from labtools.narrative.evaluation import SECTIONS, evaluation_sentences

_TITLES = {
    "verdict": mark("Did it work? Recorded crime"),
    "people": mark("Do people feel safer?"),
    "beside": mark("Did crime move next door?"),
    "trust": mark("Can the comparison be trusted?"),
    "plan": mark("What was said beforehand, and what departed from it"),
    "delivered": mark("What was done"),
    "cost": mark("What it cost"),
    "needed": mark("What would be needed to know more"),
}


class EvaluationPage:
    """State of one viewer's page: the protocol on show.

    Attributes
    ----------
    page : ipywidgets.Widget
        What the notebook shows.
    protocol : str
        The protocol on show; empty where the edition has none.
    """

    def __init__(self, data: ReleasedData) -> None:
        self._data = data
        facts = data.evaluation_facts
        titles = facts[facts["fact"] == "title"].set_index("protocol")["said"]
        self._known = dict(titles)
        self.protocol = next(iter(self._known), "")
        self._list = widgets.Dropdown(
            options=[(title, key) for key, title in self._known.items()],
            layout=FULL,
        )
        self._told = widgets.HTML()
        self._list.observe(self._take, "value")
        self._show()
        controls = boxed("lab-controls", labelled(text("Programme"), self._list))
        self.page = boxed("lab-explorer", house_style(), controls, boxed("lab-right", self._told))

    def choose(self, protocol: object) -> None:
        """Show a protocol; anything that is none of this edition changes nothing."""
        if isinstance(protocol, str) and protocol in self._known:
            self.protocol = protocol
            self._list.value = protocol
            self._show()

    def _take(self, change: Mapping[str, Any]) -> None:
        self.choose(change["new"])

    def _show(self) -> None:
        if not self.protocol:
            self._told.value = str(
                element("p", text("No programme has a sealed protocol in this edition."))
            )
            return
        found = evaluation_of(self.protocol, self._data.evaluation, self._data.evaluation_facts)
        said = evaluation_sentences(found)
        times = self._data.evaluation_time
        times = times[times["protocol"] == self.protocol]
        parts: list[Svg] = []
        for section in SECTIONS:
            if not said[section]:
                continue
            inside = [element("h3", say(_TITLES[section]))]
            inside.extend(element("p", sentence) for sentence in said[section])
            outcome = {"verdict": "crime", "people": "perception"}.get(section)
            if outcome and (times["outcome"] == outcome).any():
                drawn = effects_chart(times, outcome=outcome, level=found.figure("level"))
                inside.append(element("figure", drawn))
            parts.append(element("section", *inside, class_="lab-section"))
        name = element("h2", str(self._known[self.protocol]))
        sections = element("div", *parts, class_="lab-more")
        self._told.value = str(element("div", name, sections, class_="lab-ficha"))


def evaluation_page(data: ReleasedData) -> widgets.Widget:
    """Return the page of evaluations as one widget: the last line of a dashboard's notebook."""
    return EvaluationPage(data).page
