"""Figures in words, the same in charts, tables and pages.

Zero is written 0; a figure that nobody supplied says so; a figure withheld to protect
people says so.  None of the three is ever written as another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from labtools.messages import number, percent, text
from labtools.privacy.rounding import range_of_sum
from labtools.tables import vocabulary as words


def is_known(*values: object) -> bool:
    """Return whether all of `values` are numbers that can be drawn or written."""
    return not any(map(pd.isna, values))


def state_words(state: str) -> str:
    """Return the short words that stand where a figure cannot: never a number."""
    if state == words.SUPPRESSED:
        return text("withheld")
    if state == words.INSUFFICIENT:
        return words.label(words.INSUFFICIENT)
    return words.label(words.MISSING)


def named(word: str) -> str:
    """Return a reader's label of a word, or the word itself if the vocabulary lacks it.

    Indicators may be added by a workbench; its own key is then all there is to show.
    """
    try:
        return words.label(word)
    except KeyError:
        return word.replace("_", " ")


def count_words(events: object, low: object, high: object, state: str) -> str:
    """Return a count with its true range: "3 (1 to 5)", or why there is none."""
    if state != words.SHOWN or not is_known(events):
        return state_words(words.MISSING if state == words.SHOWN else state)
    published = number(real(events))
    if not is_known(low, high) or real(low) == real(high):
        return published
    return text("{figure} ({low} to {high})", figure=published, low=count(low), high=count(high))


def whole_year_words(tables: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    """Return why the total differs from the count of its calendar year, where it does."""
    years, window = tables.get("years", pd.DataFrame()), tables["period"].iloc[0]
    if years.empty or window["window_end"] != window["window_start"] + pd.DateOffset(years=1):
        return ()
    own = years[(years["year"] == window["window_start"]) & (years["state"] == words.SHOWN)]
    crime = tables["crime"]
    total = crime[(crime["group"] == words.TOTAL) & (crime["state"] == words.SHOWN)]
    if own.empty or total.empty or own["events"].iloc[0] == total["events"].iloc[0]:
        return ()
    row = own.iloc[0]
    told = count_words(row["events"], row["events_low"], row["events_high"], words.SHOWN)
    return (
        text(
            "The counts of this table add up quarters that are rounded one by one; the whole year, "
            "rounded once, is nearer the true count: {count}.",
            count=told,
        ),
    )


def summed_words(events: object, group: str, periods: int, base: int) -> str:
    """Return a count that is a sum of `periods` rounded ones, with the range of the true sum.

    Parameters
    ----------
    group : str
        The total of all groups is the sum of theirs.
    base : int
        To multiples of which counts are rounded; 1 for true counts.
    """
    if not is_known(events):
        return state_words(words.MISSING)
    low, high = range_of_sum(real(events), group, periods, base)
    return count_words(events, low, high, words.SHOWN)


def rate_words(value: object) -> str:
    """Return a rate with one decimal, or two where one would hide it."""
    if not is_known(value):
        return words.label(words.MISSING)
    rate = real(value)
    return number(rate, 2 if rate > 0 and round(rate, 2) < 1 else 1)


def interval_words(low: object, high: object) -> str:
    """Return the two ends of an interval of rates: "3.1 to 5.6"."""
    if not is_known(low, high):
        return words.label(words.MISSING)
    if math.isinf(real(high)):
        return text("{low} or more", low=rate_words(low))
    return text("{low} to {high}", low=rate_words(low), high=rate_words(high))


def figure_words(value: object, low: object, high: object, state: str) -> str:
    """Return a rate or ratio with its interval: "4.2 (3.1 to 5.6)", or why there is none."""
    if state != words.SHOWN or not is_known(value):
        return state_words(words.MISSING if state == words.SHOWN else state)
    if not is_known(low, high):
        return rate_words(value)
    return text(
        "{figure} ({interval})", figure=rate_words(value), interval=interval_words(low, high)
    )


def change_words(ratio: object, low: object, high: object, state: str) -> str:
    """Return a ratio as a change in per cent with its interval: "+12 % (+4 to +21)"."""
    if state != words.SHOWN or not is_known(ratio):
        return state_words(words.MISSING if state == words.SHOWN else state)
    change = text("{change} %", change=_signed(real(ratio)))
    if not is_known(low, high):
        return change
    if math.isinf(real(high)):
        return text("{change} ({low} or more)", change=change, low=_signed(real(low)))
    return text(
        "{change} ({low} to {high})",
        change=change,
        low=_signed(real(low)),
        high=_signed(real(high)),
    )


def _signed(ratio: float) -> str:
    change = round(100 * (ratio - 1))
    sign = "−" if change < 0 else "+" if change else ""
    return f"{sign}{number(abs(change))}"


def share_words(share: object, low: object, high: object, state: str) -> str:
    """Return a share with its interval, in percent, or why there is none."""
    if state != words.SHOWN or not is_known(share):
        return state_words(words.MISSING if state == words.SHOWN else state)
    if not is_known(low, high):
        return percent(real(share))
    return text(
        "{figure} ({low} to {high})",
        figure=percent(real(share)),
        low=number(real(low) * 100),
        high=percent(real(high)),
    )


def count(value: object) -> str:
    """Return a whole number as the reader writes it."""
    return number(real(value))


def real(value: object) -> float:
    """Return a value of a table that is known to be a number."""
    return float(value)  # type: ignore[arg-type]
