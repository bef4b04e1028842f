"""What a claim about change says, and what an interval says of it.

Shared by those who count (:mod:`labtools.analysis.claims`) and by pages that hold a claim
against figures already released.  When to use it: with an interval at hand.  When not: to make
the interval.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd

from labtools.errors import AnalysisError
from labtools.messages import Sentence, mark, number, say, text
from labtools.tables.shown import Shown

Verdict = Literal["supported", "other_size", "indistinguishable", "contradicted", "not_comparable"]

_FALLS = (
    r"baj[oóaeé]\w*|disminuy\w*|descend\w*|descens\w*|reduj\w*|reducci\w*|cay[oóe]\w*|caíd\w*"
    r"|\bf[ea]ll\w*|decreas\w*|\bdrop\w*"
)
_RISES = (
    r"sub[ieí]\w*|aument\w*|creci\w*|increment\w*|alza"
    r"|\brose\b|\bris[ei]\w*|increas\w*|\bgr[eo]w\w*"
)
_PERCENT = r"(\d+(?:[.,]\d+)?)\s*(?:%|por\s*ciento|per\s*cent)"
_OTHER_PERIODS = (
    r"\b(d[ií]as?|semanas?|quincenas?|mes|bimestres?|trimestres?|semestres?|sexenios?|trienios?"
    r"|days?|weeks?|month|quarters?|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre"
    r"|octubre|noviembre|diciembre|january|february|march|april|june|july|august|september"
    r"|october|november|december|d[eé]cadas?|decades?)\b"
    r"|\b(?!12\b)\d+\s+(meses|months)\b|\b(desde|since)\b"
    r"|\b(dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|two|three|four|five|six|seven"
    r"|eight|nine|ten|eleven)\s+(meses|months)\b"
)
_SAYINGS = {
    "supported": mark("The claim holds: its size lies within the interval."),
    "other_size": mark("The direction holds, but the size claimed lies outside the interval."),
    "indistinguishable": mark(
        "No change can be told apart from chance: neither the claim nor its opposite holds."
    ),
    "contradicted": mark("The counts moved the other way, beyond chance."),
    "not_comparable": mark(
        "The two periods cannot be compared: they differ in length, in season, or in what was "
        "recorded when they were counted."
    ),
}


@dataclass(frozen=True, slots=True)
class Checked(Shown):
    """A claim and what the counts say of it.

    Attributes
    ----------
    claimed : float
        Per cent, negative for a fall.
    before, now : float
        Counts of the two periods: the base of the percentage.
    percent, lower, upper : float
        The change in the counts and its 95 % interval, per cent; missing without a base.
    verdict : str
        supported, other_size, indistinguishable, contradicted or not_comparable.
    """

    told_as: ClassVar[Sentence] = mark("A claim held against the counts")
    claimed: float
    before: float
    now: float
    percent: float
    lower: float
    upper: float
    verdict: Verdict

    def __str__(self) -> str:
        base = text(
            "Claimed: {claimed} %. Counted: {before} before and {now} now.",
            claimed=number(self.claimed, 1),
            before=number(self.before),
            now=number(self.now),
        )
        interval = (
            text(
                "That is {percent} %; with chance taken into account, {lower} % or more.",
                percent=number(self.percent, 1),
                lower=number(self.lower, 1),
            )
            if pd.isna(self.upper)
            else text(
                "That is {percent} %; with chance taken into account, between {lower} % and "
                "{upper} %.",
                percent=number(self.percent, 1),
                lower=number(self.lower, 1),
                upper=number(self.upper, 1),
            )
        )
        told = [base] if pd.isna(self.percent) else [base, interval]
        return " ".join([*told, say(_SAYINGS[self.verdict])])


def read_claim(sentence: str) -> float:
    """Return the percentage that a sentence, Spanish or English, claims, negative for a fall.

    Raises
    ------
    AnalysisError
        If it has no percentage, or not one direction.
    """
    percent = re.search(_PERCENT, sentence)
    falls = re.search(_FALLS, sentence, re.IGNORECASE)
    rises = re.search(_RISES, sentence, re.IGNORECASE)
    if not percent or bool(falls) == bool(rises):
        raise AnalysisError(
            "“{sentence}” does not say one percentage and one direction. Write, for example, "
            "“bajó 9 %”.",
            sentence=sentence,
        )
    size = float(percent.group(1).replace(",", "."))
    return -size if falls else size


def is_of_twelve_months(sentence: str) -> bool:
    """Tell whether a claim can be of twelve months against the twelve before.

    One that names a month, a week, a quarter, or a year long ago compares other periods.
    """
    return not re.search(_OTHER_PERIODS, sentence, re.IGNORECASE)


def verdict_of(claimed: float, lower: float, upper: float) -> Verdict:
    """Return what an interval of the change, per cent, says of a claimed percentage.

    A missing upper limit stands for no limit.
    """
    high = float("inf") if pd.isna(upper) else upper
    if not (lower > 0 or high < 0):
        return "indistinguishable"
    if (claimed > 0) != (lower > 0):
        return "contradicted"
    return "supported" if lower <= claimed <= high else "other_size"
