"""A colonia's page: where it is, what is recorded, what people say, and what is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from labtools.charts.change import change_chart
from labtools.charts.dark_figure import dark_figure_chart
from labtools.charts.fear_gap import fear_gap_chart
from labtools.charts.figures import whole_year_words
from labtools.charts.intervals import interval_chart
from labtools.charts.perception import perception_chart
from labtools.charts.place import place_chart
from labtools.charts.series import series_chart
from labtools.messages import DEFAULT_LANGUAGE, speaking
from labtools.publish import figures
from labtools.publish.answers import answers_section, beside_crime
from labtools.publish.card import card_words
from labtools.publish.pages import inline, render
from labtools.publish.proposals import proposals_section
from labtools.publish.sections import Rows, Section, Source, grouped
from labtools.publish.wording import ficha_words
from labtools.tables import vocabulary as words
from labtools.tables.contracts import empty_table
from labtools.tables.released import Released, slug

_DISTINGUISHABLE = ("increase", "decrease")


@dataclass(frozen=True, slots=True)
class Ficha:
    """A ficha in words and pictures, ready for a page or for paper.

    Attributes
    ----------
    colonia_id, name : str
    kind, period, place_name, lab, contact : str
        What stands around the name.
    valid : str
        Until when its figures hold.
    outdated : str
        Why its figures are of an earlier edition; empty where they are not.
    seal, seal_note : str
    sections : tuple of Section
    """

    colonia_id: str
    name: str
    kind: str
    period: str
    place_name: str
    lab: str
    contact: str
    valid: str
    outdated: str
    seal: str
    seal_note: str
    sections: tuple[Section, ...]


def render_ficha(
    released: Released,
    *,
    map_svg: str,
    language: str = DEFAULT_LANGUAGE,
    sentences: Mapping[str, Sequence[str]],
    site_root: str = "..",
    paper: str = "",
) -> str:
    """Return the page of one colonia: the same tables give the same bytes.

    Parameters
    ----------
    released : Released
        The colonia's slices of the released tables.
    map_svg : str
        Its map, by `labtools.charts.maps.locator_map`: markup that is escaped already.
    language : {"es_MX", "en"}
        Edition.
    sentences : mapping of section to sentences
        Plain sentences that narrate the same tables; they are escaped here.
    site_root : str
        Way from the page to the top of the site.
    paper : str, optional
        The same ficha as files to print and to send, seen from the page, without their endings.
    """
    with speaking(language):
        told = compose_ficha(released, map_svg=map_svg, sentences=sentences)
        facts = {
            "here": dict.fromkeys(("es_MX", "en"), f"colonias/{slug(told.colonia_id)}.html"),
            "title": told.name,
            "place_name": told.place_name,
            "lab": told.lab,
            "contact": told.contact,
            "ficha": told,
            "groups": grouped(told.sections),
            "words": ficha_words(),
            "inline": inline,
            "paper": paper,
            "card_told": card_words(released, sentences) if paper else "",
            "expires": released.expires,
        }
        return render("ficha", language, site_root, facts)


def compose_ficha(
    released: Released, *, map_svg: str, sentences: Mapping[str, Sequence[str]]
) -> Ficha:
    """Return a ficha in the language in force, from the same arguments as `render_ficha`."""
    period, said = released.tables["period"], ficha_words()
    source = Source(released, map_svg, sentences)
    built = (build(source) for build in BUILDERS)
    return Ficha(
        colonia_id=released.colonia_id,
        name=str(released.tables["profile"]["name"].iloc[0]),
        kind=said["kind"],
        period=figures.period_words(released.tables),
        place_name=str(period["municipality"].iloc[0]),
        lab=str(period["lab"].iloc[0]),
        contact=figures.contact_words(period),
        valid=figures.valid_words(released.expires.get("crime", "")),
        outdated=said["outdated"] if released.outdated else "",
        seal=released.seal,
        seal_note=said["seal_note"],
        sections=tuple(section for section in built if section is not None),
    )


def _where(source: Source) -> Section:
    profile, said = source.tables["profile"], ficha_words()
    # Sentences tell the place already; who lives there is told by its figure.
    place = () if source.told("where") else tuple(figures.profile_facts(profile))
    heads = (said["indicator"], said["colonia"], said["municipality"])
    withheld = bool((source.tables["unknowns"]["what"] == "withheld").any())
    rows = figures.indicator_rows(source.tables["indicators"], withheld=withheld)
    return Section(
        "where",
        said["where"],
        layout="beside",
        sentences=source.told("where"),
        facts=(*place, figures.population_fact(profile)),
        tables=_table(said["where"], heads, rows),
        pictures=(source.map_svg,),
    )


def _crime(source: Source) -> Section:
    return Section(
        "crime",
        ficha_words()["crime"],
        layout="card",
        sentences=source.told("crime"),
        pictures=_drawn(interval_chart, source.tables["crime"]),
    )


def _perception(source: Source) -> Section:
    perception, said = source.tables["perception"], ficha_words()
    asked = perception["indicator"]
    pictures = _drawn(perception_chart, perception.loc[asked.isin(beside_crime(set(asked)))])
    told = source.told("perception") or (() if pictures else (said["no_perception"],))
    return Section(
        "perception", said["perception"], layout="card", sentences=told, pictures=pictures
    )


def _fear_gap(source: Source) -> Section | None:
    section = _later(source, "fear_gap", fear_gap_chart)
    return None if section is None else replace(section, drawn_on_paper=True, small=True)


def _dark_figure(source: Source) -> Section | None:
    return _later(source, "dark_figure", dark_figure_chart)


def _later(source: Source, key: str, chart: Callable[[pd.DataFrame], str]) -> Section | None:
    """Return a section that fichas of earlier editions, and of less data, do not have."""
    pictures = _drawn(chart, source.tables.get(key, pd.DataFrame()))
    if not pictures:
        return None
    return Section(
        key,
        ficha_words()[key],
        sentences=source.told(key),
        pictures=pictures,
        drawn_on_paper=False,
    )


def _detail(source: Source) -> Section:
    crime, said = source.tables["crime"], ficha_words()
    columns = ("group", "events", "rate", "smoothed", "municipality", "versus")
    heads, rows = tuple(said[column] for column in columns), figures.crime_rows(crime)
    return Section(
        "detail",
        said["detail"],
        layout="full",
        tables=_table(said["crime_by_group"], heads, rows, kind="wide", unseen=False),
        notes=(*figures.exposure_words(crime), *whole_year_words(source.tables)),
    )


def _series(source: Source) -> Section | None:
    pictures, said = _drawn(series_chart, source.tables["series"]), ficha_words()
    if not pictures:
        return None
    # Fichas of earlier editions have no years.
    years = source.tables["years"] if "years" in source.tables else empty_table("years")
    rows, rounded = figures.year_rows(years), years["events_low"].ne(years["events_high"]).any()
    heads = (said["year"], said["events"])
    return Section(
        "series",
        said["series"],
        pictures=pictures,
        tables=_table(said["years"], heads, rows, unseen=False),
        notes=(said["years_note"],) if rounded else (),
    )


def _place(source: Source) -> Section | None:
    pictures = _drawn(place_chart, source.tables["place"])
    if not pictures:
        return None
    told = source.told("place")
    return Section("place", ficha_words()["place"], sentences=told, pictures=pictures)


def _change(source: Source) -> Section:
    change, said = source.tables["change"], ficha_words()
    pictures = _drawn(change_chart, change.loc[change["verdict"].isin(_DISTINGUISHABLE)])
    plain: tuple[str, ...] = () if pictures else (said["no_change"],)
    if pictures and (change["verdict"] == "none").any():
        plain = (said["other_groups"],)
    told = source.told("change") or plain
    return Section("change", said["change"], sentences=told, pictures=pictures)


def _actions(source: Source) -> Section:
    said, rows = ficha_words(), figures.action_rows(source.tables["actions_done"])
    heads = tuple(said[column] for column in ("action", "agency", "times", "when"))
    return Section(
        "actions",
        said["actions"],
        sentences=source.told("actions") or (() if rows else (said["no_actions"],)),
        tables=_table(said["actions"], heads, rows, kind="wide"),
    )


def _unknowns(source: Source) -> Section:
    said, rows = ficha_words(), figures.unknown_rows(source.tables["unknowns"])
    told = [0, *(at for at in (1, 2) if any(row[at].state == words.SHOWN for row in rows))]
    rows = [tuple(row[at] for at in told) for row in rows]
    heads = tuple(said[("what", "n", "share")[at]] for at in told)
    return Section(
        "unknowns",
        said["unknowns"],
        layout="full",
        sentences=source.told("unknowns") or (() if rows else (said["no_unknowns"],)),
        listed=bool(source.told("unknowns")),
        tables=_table(said["unknowns"], heads, rows),
    )


def _sources(source: Source) -> Section:
    said, rows = ficha_words(), figures.source_rows(source.tables["sources"])
    heads = tuple(said[column] for column in ("source", "publisher", "licence", "cutoff"))
    tables = _table(said["sources"], heads, rows, kind="wide")
    return Section("sources", said["sources"], layout="full", tables=tables)


#: The sections of a ficha, in reading order.
BUILDERS: tuple[Callable[[Source], Section | None], ...] = (
    _where,
    _crime,
    _perception,
    _detail,
    _fear_gap,
    _dark_figure,
    _series,
    _place,
    _change,
    _actions,
    proposals_section,
    answers_section,
    _unknowns,
    _sources,
)


def _table(
    caption: str,
    heads: Sequence[str],
    rows: Sequence[tuple[figures.Cell, ...]],
    **looks: object,
) -> tuple[Rows, ...]:
    made = partial(Rows, caption, tuple(heads), tuple(rows))
    return (made(**looks),) if rows else ()  # type: ignore[arg-type] # Rows checks its own words


def _drawn(chart: Callable[[pd.DataFrame], str], table: pd.DataFrame) -> tuple[str, ...]:
    return () if table.empty else (chart(table),)
