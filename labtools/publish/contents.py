"""Every page of the site, made of one released edition."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

import pandas as pd

from labtools.charts.figures import named
from labtools.charts.ground import Ground
from labtools.charts.maps import locator_map
from labtools.charts.tiers import change_map, tier_map
from labtools.messages import plural, say, speaking, text
from labtools.privacy.cards import expiry_of_sections, expiry_of_tables
from labtools.publish import wording
from labtools.publish.boroughs import borough_facts, borough_files
from labtools.publish.briefing import print_briefing
from labtools.publish.card import phone_card
from labtools.publish.changes import changes_facts
from labtools.publish.data_page import data_facts
from labtools.publish.evaluations import evaluations_facts
from labtools.publish.ficha import render_ficha
from labtools.publish.figures import contact_words, period_words
from labtools.publish.pages import here_of, inline, render
from labtools.publish.paper import PLAIN, Paper, print_ficha
from labtools.publish.proposals import proposals_facts
from labtools.publish.reading import card_parts, reading_parts
from labtools.publish.shelf import Held, Shelf
from labtools.tables import vocabulary as words
from labtools.tables.released import Released, slug

Tell = Callable[[Released], Mapping[str, Sequence[str]]]
Told = Callable[["Edition"], Mapping[str, object]]
_GROUPS = (words.TOTAL, *words.GROUPS)
#: Fichas whose tables are held at a time.
_LOT = 256


@dataclass(frozen=True, slots=True)
class Edition:
    """What all pages of the site are drawn from.

    Attributes
    ----------
    tables : mapping of str to pandas.DataFrame
        The released tables.
    fichas : tuple of Released
        One for each colonia that has a page; it needs no table but its ``profile``.
    ground : Ground
        The colonias as they are drawn.
    tell : callable
        Narrates a ficha by section, in the language in force.
    paper : Paper
        Which fichas are also printed.
    shelf : Shelf
        Where pages of earlier editions are, and these will be.
    digest : callable
        Gives the digest of a table by its name.
    whole : callable
        Gives some of `fichas` with all their tables, to make what is not on the shelf.
    """

    tables: Mapping[str, pd.DataFrame]
    fichas: tuple[Released, ...]
    ground: Ground
    tell: Tell
    paper: Paper = PLAIN
    shelf: Shelf = field(default_factory=lambda: Shelf(None))
    digest: Callable[[str], str] = str
    whole: Callable[[Sequence[Released]], Sequence[Released]] = tuple


def on_shelf(edition: Edition, ficha: Released) -> bool:
    """Tell whether every page and print of a ficha is there from an earlier edition."""
    pages = all(edition.shelf.has(*_page_of(ficha, language)) for language in wording.EDITIONS)
    papers = (
        edition.shelf.has(ending, *_paper_of(ficha, one))
        for one in edition.paper.languages
        for ending in _PAPERS
    )
    return pages and all(papers)


def _page_of(ficha: Released, language: str) -> tuple[object, ...]:
    return "page", language, *_told_of(ficha)


def _paper_of(ficha: Released, language: str) -> tuple[object, ...]:
    return "paper", language, *_told_of(ficha)


def _told_of(ficha: Released) -> tuple[object, ...]:
    return ficha.colonia_id, ficha.seal, ficha.outdated, dict(ficha.expires)


def site_files(edition: Edition) -> Iterator[tuple[str, Held]]:
    """Give each page and printed document, in each language: its place in the site, and itself.

    Those of fichas come lot by lot, in all languages: what is held does not grow with them.
    """
    for language in wording.EDITIONS:
        way, top = _way(language)
        with speaking(language):
            for place, page in _pages(edition, language, top):
                yield way + place, page
    for language in edition.paper.languages:
        for name, slides in wording.BRIEFINGS.items():
            print_it = partial(print_briefing, language=language, slides=slides)
            made = edition.shelf.follow(print_it, edition.tables, edition.digest, name, language)
            yield f"{_way(language)[0]}{name}.pdf", made
    for start in range(0, len(edition.fichas), _LOT):
        fichas = edition.whole(edition.fichas[start : start + _LOT])
        for language in wording.EDITIONS:
            with speaking(language):
                for ficha in fichas:
                    yield from _ficha_files(edition, ficha, language)


def _way(language: str) -> tuple[str, str]:
    """Return the way from the site's top to an edition's pages, and from these to the top."""
    folder = wording.EDITIONS[language]
    return (f"{folder}/", "..") if folder else ("", ".")


def _ficha_files(edition: Edition, ficha: Released, language: str) -> Iterator[tuple[str, Held]]:
    """Give a ficha's page, its print and its card for telephones."""
    place = f"{_way(language)[0]}colonias/{slug(ficha.colonia_id)}"
    page = partial(_ficha_page, edition, ficha, language)
    yield f"{place}.html", edition.shelf.take(page, *_page_of(ficha, language))
    if language in edition.paper.languages:
        for ending, make in _PAPERS.items():
            one = partial(make, edition, ficha, language)
            yield f"{place}.{ending}", edition.shelf.take(one, ending, *_paper_of(ficha, language))


def _ficha_paper(edition: Edition, ficha: Released, language: str) -> bytes:
    return print_ficha(
        ficha,
        map_svg=locator_map(edition.ground, ficha.colonia_id),
        sentences=edition.tell(ficha),
        language=language,
        paper=edition.paper,
    )


def _ficha_card(edition: Edition, ficha: Released, language: str) -> bytes:
    return phone_card(
        ficha,
        map_svg=locator_map(edition.ground, ficha.colonia_id),
        sentences=edition.tell(ficha),
        language=language,
        address=edition.paper.address,
    )


#: What is made of each ficha beside its page, by the ending of its file.
_PAPERS = MappingProxyType({"pdf": _ficha_paper, "png": _ficha_card})


def _ficha_page(edition: Edition, ficha: Released, language: str) -> bytes:
    page = render_ficha(
        ficha,
        map_svg=locator_map(edition.ground, ficha.colonia_id),
        language=language,
        sentences=edition.tell(ficha),
        site_root="../.." if wording.EDITIONS[language] else "..",
        paper=slug(ficha.colonia_id) if language in edition.paper.languages else "",
    )
    return page.encode("utf-8", "replace")


def colonias_listed(edition: Edition) -> list[tuple[str, str, str]]:
    """Return name, borough and file of each colonia with a page, in alphabetical order."""
    rows = []
    for ficha in edition.fichas:
        profile = ficha.tables["profile"].iloc[0]
        borough = profile["borough"] if pd.notna(profile["borough"]) else ""
        rows.append((str(profile["name"]), str(borough), slug(ficha.colonia_id)))
    twice = {name for name, n in Counter(row[:2] for row in rows).items() if n > 1}
    told = [(f"{n} ({f})" if (n, b) in twice else n, b, f) for n, b, f in rows]
    return sorted(told, key=lambda row: (folded(row[0]), row))


def folded(name: str) -> str:
    """Return a name without accents or capital letters, as the search compares it."""
    apart = unicodedata.normalize("NFD", name)
    return "".join(c for c in apart if not unicodedata.combining(c)).lower()


def _pages(edition: Edition, language: str, top: str) -> Iterator[tuple[str, Held]]:
    """Give each page that tells of all colonias, or of a borough's."""
    listed = colonias_listed(edition)

    def page(template: str, here: Mapping[str, str], told: Told, up: str = top) -> Held:
        def made(tables: Mapping[str, pd.DataFrame]) -> bytes:
            of = replace(edition, tables=tables)
            facts = {**_frame(of), "here": here, **told(of)}
            return render(template, language, up, facts).encode("utf-8", "replace")

        of_all = listed if template == "index" else ()
        return edition.shelf.follow(
            made, edition.tables, edition.digest, template, language, up, dict(here), of_all
        )

    for name, template, told in (
        ("home", "index", partial(_home, listed, language)),
        ("reading", "reading", _reading),
        ("data", "data", lambda it: data_facts(it.tables)),
        ("changes", "changes", _changes),
        ("proposals", "proposals", lambda it: proposals_facts(it.tables)),
        ("evaluations", "evaluations", _evaluations),
    ):
        here = here_of(name)
        yield here[language], page(template, here, told)
    for borough, file in borough_files(edition.tables).items():
        here = {one: f"{wording.BOROUGHS[one]}/{file}" for one in wording.EDITIONS}
        up = f"{top}/.." if top != "." else ".."
        yield here[language], page("borough", here, partial(_borough, borough), up)
    for group in _GROUPS:
        here = {one: _map_file(group, one) for one in wording.EDITIONS}
        yield here[language], page("map", here, partial(_map, group, language))


def _changes(edition: Edition) -> dict[str, object]:
    drawn = inline(change_map(edition.ground, edition.tables["change"]))
    return {**changes_facts(edition.tables), "map": drawn}


def _evaluations(edition: Edition) -> dict[str, object]:
    return {**evaluations_facts(edition.tables), "inline": inline}


def _borough(name: str, edition: Edition) -> dict[str, object]:
    return borough_facts(edition.tables, name)


def _frame(edition: Edition) -> dict[str, object]:
    period = edition.tables["period"]
    return {
        "lab": str(period["lab"].iloc[0]),
        "place_name": str(period["municipality"].iloc[0]),
        "contact": contact_words(period),
        "period": period_words(edition.tables),
        "expires": expiry_of_sections(edition.tables["cards"]),
        "held": expiry_of_tables(edition.tables["cards"]),
    }


def _home(
    listed: Sequence[tuple[str, str, str]], language: str, edition: Edition
) -> dict[str, object]:
    within: dict[str, list[tuple[str, str]]] = {}
    for name, borough, file in listed:
        within.setdefault(borough, []).append((name, file))
    names = sorted(within, key=lambda b: (not b, folded(b)))
    pages = borough_files(edition.tables)
    boroughs = [
        (
            borough,
            f"{wording.BOROUGHS[language]}/{pages[borough]}" if borough in pages else "",
            within[borough],
        )
        for borough in names
    ]
    return {
        "title": text("Colonia profiles"),
        "words": wording.home_words(),
        "counted": say(plural("{n} colonia", "{n} colonias"), n=len(listed)),
        "boroughs": boroughs,
        "some_borough": any(names),
        "papers": list(wording.BRIEFINGS) if language in edition.paper.languages else [],
    }


def _reading(edition: Edition) -> dict[str, object]:
    base = edition.tables["period"]["rounding_base"].iloc[0]
    return {
        "title": text("How to read these profiles"),
        "lead": text("What the figures say, what they do not say, and how sure they are."),
        "parts": [
            *reading_parts(int(base) if pd.notna(base) else 0),
            *card_parts(edition.tables["cards"]),
        ],
    }


def _map(group: str, language: str, edition: Edition) -> dict[str, object]:
    groups = [
        {"file": _map_file(one, language), "name": named(one), "here": one == group}
        for one in _GROUPS
    ]
    return {
        "title": text("Map of the municipality: {group}", group=named(group)),
        "heading": text("Map of the municipality"),
        "words": wording.map_words(),
        "groups": groups,
        "map": inline(tier_map(edition.ground, edition.tables["crime"], group=group)),
    }


def _map_file(group: str, language: str) -> str:
    file = wording.file_of("map", language)
    return file if group == words.TOTAL else file.replace(".html", f"-{group}.html")
