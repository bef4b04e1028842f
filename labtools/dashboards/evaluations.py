"""The page of evaluations: whether each programme worked, from released tables only."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import ipywidgets as widgets

from labtools.charts.effects import effects_chart
from labtools.charts.svg import Svg, element, joined
from labtools.dashboards.data import ReleasedData
from labtools.messages import mark, say, text
from labtools.narrative.evaluation import SECTIONS, evaluation_of, evaluation_sentences

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
            description=text("Programme"),
        )
        self._told = widgets.HTML()
        self._list.observe(self._take, "value")
        self._show()
        controls = _boxed("lab-controls", _boxed("lab-control", self._list))
        css = files("labtools.dashboards").joinpath("explorer.css").read_text(encoding="utf-8")
        style = widgets.HTML(Svg(f"<style>{css}</style>"), layout=widgets.Layout(display="none"))
        self.page = _boxed("lab-explorer", style, controls, _boxed("lab-right", self._told))

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
            parts.append(element("h2", say(_TITLES[section])))
            parts.extend(element("p", sentence) for sentence in said[section])
            outcome = {"verdict": "crime", "people": "perception"}.get(section)
            if outcome and (times["outcome"] == outcome).any():
                parts.append(element("figure", effects_chart(times, outcome=outcome)))
        self._told.value = str(joined(parts))


def evaluation_page(data: ReleasedData) -> widgets.Widget:
    """Return the page of evaluations as one widget: the last line of a dashboard's notebook."""
    return EvaluationPage(data).page


def _boxed(css_class: str, *inside: widgets.Widget) -> widgets.Box:
    box = widgets.Box(inside)
    box.add_class(css_class)
    return box
