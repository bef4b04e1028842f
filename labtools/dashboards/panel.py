"""What is released about one colonia, as the right-hand side of the explorer.

Crime and perception stand side by side.  Every word that comes from data passes through
:mod:`labtools.charts.svg`, which escapes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from labtools import messages
from labtools.charts import figures
from labtools.charts.svg import Svg, element, joined
from labtools.messages import mark, say, text
from labtools.tables import vocabulary as words
from labtools.tables.released import Released

Draw = Callable[[pd.DataFrame], str]
Told = Mapping[str, Sequence[str]]
Tables = Mapping[str, pd.DataFrame]
Tell = Callable[[Released], Told]

_CHANGE = mark("How it changed in a year")
_PLACE = mark("Its place among the colonias")
_QUARTERS = mark("Quarter by quarter")
_ACTIONS = mark("Actions of the programme")
_UNKNOWNS = mark("What is not known")
_SOURCES = mark("Sources")


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of a ficha: functions from a released table to SVG text."""

    rates: Draw
    change: Draw
    place: Draw
    perception: Draw
    series: Callable[[pd.DataFrame, str], str]


def ficha_panel(released: Released, group: str, *, pictures: Pictures, tell: Tell) -> Svg:
    """Return the panel of one colonia: its figures, pictures and sentences.

    Parameters
    ----------
    group : str
        Crime group whose figures are told first; one of ``vocabulary.GROUPS`` or the total.
    pictures : Pictures
        How tables are drawn.
    tell : callable
        Gives the sentences of each section.
    """
    told = tell(released) if released.seal else {}
    tables = released.tables
    cards = (_crime_card(tables, group, pictures, told), _perception_card(tables, pictures, told))
    more = (
        _section(_CHANGE, told.get("change"), _drawn(pictures.change, tables, "change")),
        _section(_PLACE, told.get("place"), _drawn(pictures.place, tables, "place")),
        _section(_QUARTERS, (), _series(tables, group, pictures)),
        _section(_ACTIONS, told.get("actions")),
        _section(_UNKNOWNS, told.get("unknowns")),
        _section(_SOURCES, told.get("sources"), _seal(released)),
    )
    return element(
        "div",
        _who(tables, told),
        element("div", *cards, class_="lab-cards"),
        element("div", *more, class_="lab-more"),
        class_="lab-ficha",
    )


def months_covered(period: pd.Series) -> str:
    """Return the twelve months that figures speak of: "January to December 2025"."""
    last = period["window_end"] - pd.DateOffset(months=1)
    return text(
        "{first} to {last}",
        first=messages.month(period["window_start"]),
        last=messages.month(last),
    )


def _who(tables: Tables, told: Told) -> Svg:
    profile = tables["profile"].iloc[0]
    about = " ".join((*told.get("where", ()), *told.get("who", ())))
    return element(
        "header",
        element("h2", str(profile["name"])),
        element("p", about, class_="lab-about") if about else _without_ficha(profile),
    )


def _crime_card(
    tables: Tables,
    group: str,
    pictures: Pictures,
    told: Told,
) -> Svg:
    rows = tables["crime"]
    chosen = rows[rows["group"] == group]
    months = months_covered(tables["period"].iloc[0])
    return element(
        "section",
        element("h3", text("Recorded crime")),
        element("p", f"{words.label(group)} · {months}", class_="lab-what"),
        _figures_of(chosen.iloc[0]) if len(chosen) else _no_data(),
        *_of_the_year(tables, group),
        _drawn(pictures.rates, tables, "crime"),
        _of_all_crime(group, told),
        class_="lab-card lab-crime",
    )


def _of_all_crime(group: str, told: Told) -> Svg:
    """Return the sentences on crime, which speak of all groups together."""
    said = _sentences(told.get("crime"))
    if not said or group == words.TOTAL:
        return said
    return joined((element("p", words.label(words.TOTAL), class_="lab-what lab-turn"), said))


def _of_the_year(tables: Tables, group: str) -> tuple[Svg, ...]:
    """Return why the total is not the count of its calendar year, where it is not."""
    said = figures.whole_year_words(tables) if group == words.TOTAL else ()
    return tuple(element("p", sentence, class_="lab-advice") for sentence in said)


def _figures_of(row: pd.Series) -> Svg:
    state = str(row["state"])
    count = figures.count_words(row["events"], row["events_low"], row["events_high"], state)
    rate = figures.figure_words(row["rate"], row["lower"], row["upper"], state)
    ends = row["smoothed_lower"], row["smoothed_upper"]
    steadied = figures.figure_words(row["smoothed"], *ends, state)
    pairs = [
        (text("Events in twelve months"), count),
        (text("For every 1,000 inhabitants"), rate),
        (text("Steadied rate (95 % interval)"), steadied),
        (text("In the municipality"), figures.rate_words(row["municipality_rate"])),
    ]
    listed = [element("div", element("dt", what), element("dd", said)) for what, said in pairs]
    told = [element("dl", *listed, class_="lab-figures")]
    if state == words.SHOWN:
        versus = str(row["versus_municipality"])
        told.append(element("p", words.label(versus), class_=f"lab-versus lab-{versus}"))
    return joined(told)


def _perception_card(tables: Tables, pictures: Pictures, told: Told) -> Svg:
    asked = tables.get("perception")
    felt = None if asked is None else asked[asked["indicator"] == "insecurity"]
    return element(
        "section",
        element("h3", text("Perception of safety")),
        element("p", text("What people said in surveys"), class_="lab-what"),
        _no_data()
        if felt is None or felt.empty
        else _drawn(pictures.perception, {"perception": felt}, "perception"),
        _sentences(told.get("perception")),
        class_="lab-card lab-perception",
    )


def _series(tables: Tables, group: str, pictures: Pictures) -> Svg:
    if "series" not in tables:
        return Svg("")
    drawn = element("figure", Svg(pictures.series(tables["series"], group)))
    return joined((element("p", words.label(group), class_="lab-what"), drawn))


def _drawn(draw: Draw, tables: Tables, name: str) -> Svg:
    return element("figure", Svg(draw(tables[name]))) if name in tables else Svg("")


def _section(title: str, sentences: Sequence[str] | None, *inside: Svg) -> Svg:
    """Return a section, or nothing where there is nothing to say."""
    body = [_sentences(sentences), *inside]
    if not any(body):
        return Svg("")
    return element("section", element("h3", say(title)), *body, class_="lab-section")


def _sentences(sentences: Sequence[str] | None) -> Svg:
    return joined(element("p", sentence) for sentence in sentences or () if sentence)


def _seal(released: Released) -> Svg:
    if not released.seal:
        return Svg("")
    return element("p", text("Seal of this ficha: {seal}", seal=released.seal), class_="lab-seal")


def _without_ficha(profile: pd.Series) -> Svg:
    borough = profile["borough"] if _known(profile["borough"]) else words.label(words.MISSING)
    return joined(
        (
            element("p", text("Borough: {borough}", borough=borough), class_="lab-about"),
            element(
                "p",
                text("This colonia has no ficha in this edition; its recorded crime is shown."),
                class_="lab-note",
            ),
        )
    )


def _no_data() -> Svg:
    return element("p", words.label(words.MISSING), class_="lab-none")


def _known(value: object) -> bool:
    return bool(pd.notna(value))
