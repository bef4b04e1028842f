"""The page where budgets and rules are tried on released figures."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import pandas as pd

from labtools.charts.ground import Ground, ground_of
from labtools.charts.svg import Svg, element
from labtools.charts.tiers import borough_map
from labtools.dashboards.data import ReleasedData
from labtools.dashboards.layout import FULL, boxed, house_style, labelled
from labtools.dashboards.rows import wide_table
from labtools.dashboards.tryout import RULES, actions_with_figure, try_budget
from labtools.messages import mark, number, say, text
from labtools.tables.action_words import action_words

_MOST = 10**12
_RULES = {
    "expected": mark("Most expected recorded crime first"),
    "residents": mark("Most residents first"),
    "lot": mark("By lot"),
}


class ProgrammePage:
    """State of one viewer's page.

    Attributes
    ----------
    page : ipywidgets.Widget
        What the notebook shows.
    map, answer : ipywidgets.HTML
        The map and the table on show.
    """

    def __init__(self, data: ReleasedData) -> None:
        self._data = data
        known = actions_with_figure(data.proposals)
        pairs = zip(known["intervention"], known["name"], strict=True)
        options = [(action_words(str(key), str(name)), str(key)) for key, name in pairs]
        rules = [(say(_RULES[rule]), rule) for rule in RULES]
        self.action = widgets.Dropdown(options=options, layout=FULL)
        self.rule = widgets.Dropdown(options=rules, layout=FULL)
        self.budget, self.cost = _pesos(3_000_000), _pesos(60_000)
        self._ground = ground_of(data.colonias)
        self.map, self.answer = widgets.HTML(), widgets.HTML()
        for control in (self.action, self.rule, self.budget, self.cost):
            control.observe(self._show, "value")
        self._show()
        controls = boxed(
            "lab-controls lab-pairs",
            labelled(text("Action"), self.action),
            labelled(text("Rule"), self.rule),
            labelled(text("Budget (pesos)"), self.budget),
            labelled(text("Cost in one colonia (pesos)"), self.cost),
        )
        left = boxed("lab-left lab-still-map", self.map)
        columns = boxed("lab-columns", left, boxed("lab-right", self.answer, _advice()))
        self.page = boxed("lab-explorer", house_style(), controls, columns)

    def _show(self, _change: Any = None) -> None:
        if self.action.value is None:
            self.answer.value = str(
                element("p", text("This edition proposes no action with a verified figure."))
            )
            return
        table = try_budget(
            self._data.proposals,
            self._data.crime,
            self._data.colonias,
            self.action.value,
            plan=(float(self.budget.value), float(self.cost.value)),
            rule=self.rule.value,
        )
        self.map.value = str(element("figure", _mapped(self._ground, table)))
        self.answer.value = str(_drawn(table))


def programme_page(data: ReleasedData) -> widgets.Widget:
    """Return the page as one widget: the last line of its notebook."""
    return ProgrammePage(data).page


def _pesos(value: int) -> widgets.BoundedIntText:
    return widgets.BoundedIntText(value=value, min=1, max=_MOST, step=10_000, layout=FULL)


def _mapped(ground: Ground, table: pd.DataFrame) -> Svg:
    told = {
        str(row.borough): text(
            "{reached} of {n}", reached=number(row.reached), n=number(row.proposed)
        )
        for row in table.itertuples()
    }
    title = text("Colonias reached of those where it is proposed, by borough")
    return borough_map(ground, told, title=title)


def _drawn(table: pd.DataFrame) -> Svg:
    heads = (
        text("Borough"),
        text("Colonias where it is proposed"),
        text("Colonias reached"),
        text("Pesos"),
        text("Recorded crimes fewer in a year, if done everywhere in them"),
    )
    rows = [
        (
            str(row.borough),
            number(row.proposed),
            number(row.reached),
            number(row.pesos),
            text("{low} to {high}", low=number(row.low), high=number(row.high)),
        )
        for row in table.itertuples()
    ]
    return wide_table(text("What the budget reaches, by borough"), heads, rows)


def _advice() -> widgets.HTML:
    advice = text(
        "Ranges go from almost nothing of what was published elsewhere to all of it. Colonias are "
        "not named nor ranked here. What is not recorded, and fear, are not in these figures."
    )
    return widgets.HTML(str(element("p", advice, class_="lab-advice")))
