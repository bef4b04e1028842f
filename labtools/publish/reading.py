"""How to read a ficha: what its signs and words mean, with an invented example."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from labtools import messages
from labtools.charts.intervals import interval_chart
from labtools.messages import text
from labtools.publish.pages import inline
from labtools.tables import vocabulary as words


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the page: its heading, its paragraphs, and a picture if it has one."""

    heading: str
    paragraphs: tuple[str, ...]
    picture: Markup | None = None


def reading_parts(rounding_base: int) -> tuple[Part, ...]:
    """Return the page's parts, in the language in force.

    Parameters
    ----------
    rounding_base : int
        Public counts are rounded to its multiples; 0 or 1 means that they are not.
    """
    return (
        Part(text("What a rate is"), _rate()),
        Part(text("The bar tells what is not known"), _interval(), _example()),
        Part(text("Zero, no data and withheld"), _states(rounding_base)),
        Part(text("Among other colonias"), _place()),
        Part(text("When a change is a change"), _change()),
        Part(text("Recorded crime and perception are two things"), _perception()),
        Part(text("What these figures cannot tell"), _limits()),
    )


def card_parts(cards: pd.DataFrame) -> tuple[Part, ...]:
    """Return what each kind of figure is for, is not for, and until when it holds.

    Parameters
    ----------
    cards : pandas.DataFrame
        Released table ``cards``.
    """
    tongue = messages.language().split("_", maxsplit=1)[0]
    return tuple(
        Part(
            row[f"title_{tongue}"],
            (
                text("What it is for: {words}", words=_inside(row[f"purpose_{tongue}"])),
                row[f"not_for_{tongue}"],
                text("With care: {words}", words=_inside(row[f"error_{tongue}"])),
                text("These figures hold until {day}.", day=messages.day(row["expires_on"].date())),
            ),
        )
        for _, row in cards.iterrows()
    )


def _inside(sentence: str) -> str:
    """Return a sentence as it goes on after a colon."""
    return sentence[:1].lower() + sentence[1:]


def _rate() -> tuple[str, ...]:
    return (
        text(
            "A rate divides recorded crimes by the people exposed to them during a year. A rate of "
            "5 means five recorded crimes for every 1,000 inhabitants in 12 months. Rates let "
            "colonias of different size be read side by side."
        ),
    )


def _interval() -> tuple[str, ...]:
    return (
        text(
            "Where few people live, one crime more or less moves the rate a lot. So each figure "
            "comes with a bar, its 95 % interval: the values that fit what was recorded. A long "
            "bar says that little is known; a short one, that more is."
        ),
        text(
            "The bars are of the “steadied rate”: that of the colonia drawn towards what is "
            "known of all of them, of its neighbours and of those the census tells alike, the more "
            "so the fewer people live in it. Where one case more or less would move the rate as "
            "recorded a lot, the steadied one moves little. Both stand in the table of each "
            "profile."
        ),
        text(
            "The upright line is the rate of the whole municipality. If the bar of the steadied "
            "rate crosses the line, the colonia cannot be told apart from the municipality, and "
            "the bar is hatched. Only where that bar leaves the line out does the page say “above” "
            "or “below”."
        ),
        text("The following figures are invented, only to show the signs:"),
    )


def _states(rounding_base: int) -> tuple[str, ...]:
    told = [
        text(
            "Zero is a figure: the sources were received and record none, or so few that the "
            "rounded count is zero, and then its range says so. “No data” means that nobody "
            "supplied the figure: it may be any. “Withheld” means that the figure exists and is "
            "not shown, so that no person can be singled out. They are three different things, "
            "and none is ever written as another."
        ),
    ]
    if rounding_base > 1:
        told.append(
            text(
                "Public counts are rounded to multiples of {base}. Beside the counts of a profile "
                "stands the range of the true one: “3 (1 to 5)” says that the true count lies "
                "between 1 and 5. Where a figure is the sum of several rounded ones, its range "
                "holds the true one 95 times of every 100; the interval of each change takes it "
                "into account.",
                base=rounding_base,
            )
        )
    return tuple(told)


def _place() -> tuple[str, ...]:
    return (
        text(
            "There is no list of places from first to last: with few crimes, such a list changes "
            "by chance. The page says instead how many of every 100 colonias have a lower steadied "
            "rate, and says it as a range, its 90 % interval."
        ),
    )


def _change() -> tuple[str, ...]:
    return (
        text(
            "Counts go up and down by chance alone. A change is shown only where chance is a poor "
            "explanation, once all the colonias and groups looked at are taken into account. The "
            "rest reads “no distinguishable change”, which does not mean that nothing changed."
        ),
    )


def _perception() -> tuple[str, ...]:
    return (
        text(
            "What people feel and what is recorded do not always move together. Perception comes "
            "from surveys of a sample of people, often of a whole borough or of the city; the "
            "page says which. Where too few people were asked, it says “insufficient sample”."
        ),
    )


def _limits() -> tuple[str, ...]:
    return (
        text(
            "Many crimes are never reported. More recorded crime can mean more crime, more trust "
            "in reporting, or both. Some records do not say where the facts occurred, and are "
            "counted in no colonia."
        ),
        text(
            "The figures describe places during a period. They say nothing of the people who live "
            "there, and they do not tell the causes."
        ),
    )


def _example() -> Markup:
    title = text("Invented example: rates with their intervals")
    return inline(interval_chart(_invented(), title=title))


def _invented() -> pd.DataFrame:
    figures = {
        words.TOTAL: (14.0, 11.0, 17.5, 12.0, "similar", words.SHOWN),
        "violence": (6.2, 4.4, 8.4, 3.0, "above", words.SHOWN),
        "robbery": (0.8, 0.4, 1.4, 2.0, "below", words.SHOWN),
        "theft": (None, None, None, 5.0, "unknown", words.SUPPRESSED),
        "other": (None, None, None, 2.0, "unknown", words.MISSING),
    }
    ends = ["smoothed_lower", "smoothed_upper"]
    columns = ["smoothed", *ends, "municipality_rate", "versus_municipality", "state"]
    table = pd.DataFrame.from_dict(figures, orient="index", columns=columns)
    return table.rename_axis("group").reset_index()
