"""A claim about crime, checked: "bajó 9 %" with its base, its interval, and whether it compares.

When to use it: before a percentage is repeated.  When not: to choose which percentage to claim.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from labtools.analysis.change import compare_windows
from labtools.errors import AnalysisError
from labtools.messages import mark, number, say, text

Verdict = Literal["supported", "other_size", "indistinguishable", "contradicted", "not_comparable"]

_FALLS = r"baj[oóaeé]\w*|disminuy\w*|descend\w*|descens\w*|reduj\w*|reducci\w*|cay[oóe]\w*|caíd\w*"
_RISES = r"sub[ieí]\w*|aument\w*|creci\w*|increment\w*|alza"
_PERCENT = r"(\d+(?:[.,]\d+)?)\s*(?:%|por\s*ciento)"
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
class Checked:
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
        interval = text(
            "That is {percent} %; with chance taken into account, between {lower} % and {upper} %.",
            percent=number(self.percent, 1),
            lower=number(self.lower, 1),
            upper=number(self.upper, 1),
        )
        told = [base] if pd.isna(self.percent) else [base, interval]
        return " ".join([*told, say(_SAYINGS[self.verdict])])


def read_claim(sentence: str) -> float:
    """Return the percentage that a Spanish sentence claims, negative for a fall.

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


def check_claim(
    claimed: float,
    counts: pd.Series,
    *,
    now: tuple[str, str],
    before: tuple[str, str],
    dispersion: float = 1.0,
    complete: float = 1.0,
) -> Checked:
    """Check a claimed percentage of change between two spans of months.

    Parameters
    ----------
    claimed : float
        Per cent, negative for a fall; see :func:`read_claim`.
    counts : pandas.Series
        Events by month (first days).
    now, before : (str, str)
        First month and the month after the last, ``("2025-01", "2026-01")``.
    dispersion : float
        Variance over mean of the counts.
    complete : float
        Share of the events of `now` that were recorded when they were counted; below one the
        periods do not compare.

    Raises
    ------
    AnalysisError
        If a month of either span is not known.
    """
    spans = [_months(span) for span in (before, now)]
    told = [counts.reindex(months).astype(float) for months in spans]
    missing = pd.concat(told).isna()
    if missing.any():
        raise AnalysisError(
            "{n} months of the two periods have no count; the first is {first}. A claim about "
            "them cannot be checked.",
            n=int(missing.sum()),
            first=missing.idxmax().strftime("%Y-%m"),
        )
    base, latest = (float(part.sum()) for part in told)
    comparable = [list(m.month) for m in spans]
    alike = comparable[0] == comparable[1] and complete >= 1
    index = pd.Index(["all"])
    row = compare_windows(
        pd.Series([base], index), pd.Series([latest], index), dispersion=dispersion
    ).table.iloc[0]
    percent, lower, upper = ((row[name] - 1) * 100 for name in ("ratio", "lower", "upper"))
    verdict = _verdict(claimed, lower, upper) if alike else "not_comparable"
    return Checked(claimed, base, latest, percent, lower, upper, verdict)


def _months(span: tuple[str, str]) -> pd.DatetimeIndex:
    return pd.date_range(span[0], span[1], freq="MS", inclusive="left")


def _verdict(claimed: float, lower: float, upper: float) -> Verdict:
    high = float("inf") if pd.isna(upper) else upper
    if not (lower > 0 or high < 0):
        return "indistinguishable"
    if (claimed > 0) != (lower > 0):
        return "contradicted"
    return "supported" if lower <= claimed <= high else "other_size"
