"""A box where a claim about change is held against what is released: "bajó 9 %".

The answer tells the base, the interval and what the two periods are; it never says more than
the released table of changes does.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import pandas as pd

from labtools.charts.figures import state_words
from labtools.charts.svg import Svg, element, joined
from labtools.dashboards.layout import FULL, boxed, labelled
from labtools.errors import AnalysisError
from labtools.messages import month, text
from labtools.narrative.late_records import still_to_come
from labtools.tables import vocabulary as words
from labtools.tables.claimed import Checked, is_of_twelve_months, read_claim, verdict_of

LONGEST_CLAIM = 120


class ClaimBox:
    """Where a reader types a claim, and what is known of it.

    Attributes
    ----------
    widget : ipywidgets.Widget
        The box and its answer.
    typed : ipywidgets.Text
    answer : ipywidgets.HTML
    """

    def __init__(self, period: pd.Series) -> None:
        self._period = period
        self._name, self._row = "", pd.Series(dtype=object)
        self.typed = widgets.Text(
            placeholder=text("For example: fell 9 %"), continuous_update=False, layout=FULL
        )
        self.answer = widgets.HTML()
        self.typed.observe(self._show, "value")
        name = text("Check a claim about this colonia")
        self.widget = boxed("lab-claim", labelled(name, self.typed, self.answer))

    def speak_of(self, name: str, row: pd.Series) -> None:
        """Hold claims against this row of the table of changes from now on."""
        self._name, self._row = name, row
        self._show()

    def _show(self, _change: Any = None) -> None:
        sentence = str(self.typed.value)[:LONGEST_CLAIM].strip()
        told = self._told(sentence) if sentence else Svg("")
        self.answer.value = str(element("div", told, role="status")) if told else ""

    def _told(self, sentence: str) -> Svg:
        try:
            claimed = read_claim(sentence)
        except AnalysisError as refused:
            return element("p", str(refused), class_="lab-note")
        about = f"{self._name} · {words.label(str(self._row.get('group', words.TOTAL)))}"
        checked = against_released(claimed, self._row, twelve_months=is_of_twelve_months(sentence))
        said = str(checked) if checked else self._nothing()
        lines = [element("p", about, class_="lab-what"), element("p", said, class_="lab-said")]
        if checked and _is_one_of_many(checked):
            lines.append(element("p", self._among_many(), class_="lab-advice"))
        return joined((*lines, element("p", self._compared(), class_="lab-advice")))

    def _nothing(self) -> str:
        state = state_words(str(self._row.get("state", words.MISSING)))
        return text("There is no change to hold the claim against: {state}.", state=state)

    def _among_many(self) -> str:
        return text(
            "Taken alone, the interval leaves no change out. But all colonias are judged at once, "
            "and among so many some intervals do that by chance: this one cannot be told apart "
            "from those."
        )

    def _compared(self) -> str:
        last = self._period["window_end"] - pd.DateOffset(months=1)
        told = text(
            "Compared: the twelve months that end in {last}, and the twelve before them, so that "
            "length and season are the same. Other months, crimes or places are not checked here. "
            "Counts are rounded to multiples of three, and the interval allows for it.",
            last=month(last),
        )
        return f"{told} {still_to_come(self._period.get('recorded_share'))}"


def _is_one_of_many(checked: Checked) -> bool:
    alone = verdict_of(checked.claimed, checked.lower, checked.upper)
    return checked.verdict == "indistinguishable" and alone != checked.verdict


def against_released(
    claimed: float, row: pd.Series, *, twelve_months: bool = True
) -> Checked | None:
    """Return a claim held against a row of the released table of changes.

    Parameters
    ----------
    claimed : float
        Per cent, negative for a fall.
    row : pandas.Series
        Of the table ``change``; its verdict, which allows for the number of colonias, is kept.
    twelve_months : bool
        Whether the claim is about these twelve months against the twelve before; see
        :func:`~labtools.tables.claimed.is_of_twelve_months`.

    Returns
    -------
    Checked or None
        None where nothing is shown of that colonia and group.
    """
    if row.get("state") != words.SHOWN or pd.isna(row["lower"]):
        return None
    percent, lower, upper = ((float(row[name]) - 1) * 100 for name in ("ratio", "lower", "upper"))
    verdict = verdict_of(claimed, lower, upper)
    if row.get("verdict") == "none":
        verdict = "indistinguishable"
    if not twelve_months:
        verdict = "not_comparable"
    before, now = float(row["before"]), float(row["now"])
    return Checked(claimed, before, now, percent, lower, upper, verdict)
