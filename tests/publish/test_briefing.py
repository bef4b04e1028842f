"""The council's briefing: six pages at most, each sentence from its table."""

import io

import pytest

from labtools.messages import speaking
from labtools.publish.briefing import (
    BUILDERS,
    MOST_PAGES,
    briefing_sections,
    print_briefing,
    released_tables,
)
from tests.publish.test_paper import words_of

pikepdf = pytest.importorskip("pikepdf")


def pages(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)


def test_it_has_at_most_six_pages_and_keeps_the_standard_of_accessible_documents(tables):
    made = print_briefing(tables)

    with pikepdf.open(io.BytesIO(made)) as pdf, pdf.open_metadata() as told:
        assert len(pdf.pages) <= MOST_PAGES
        assert told["pdfuaid:part"] == "1"
        assert str(pdf.Root.Lang) == "es-MX"


def test_it_still_has_at_most_six_pages_where_everything_changed(tables):
    change = tables["change"].assign(verdict="increase", state="shown", ratio=2.0)
    change = change.assign(lower=1.2, upper=3.4, before=3, now=9)

    assert pages(print_briefing({**tables, "change": change})) <= MOST_PAGES


def test_a_change_is_told_only_where_the_table_tells_one(tables):
    none = {**tables, "change": tables["change"].assign(verdict="none")}

    with speaking("en"):
        keys = [section.key for section in briefing_sections(none)]
        short = briefing_sections(none)[0].sentences

    assert "changes" not in keys
    assert short[0].startswith("In 0 comparisons")


@pytest.mark.parametrize(
    ("table", "section"),
    [
        ("municipality_crime", "municipality"),
        ("actions_done", "actions"),
        ("perception_change", "perception"),
    ],
)
def test_a_section_without_its_table_is_absent(tables, table, section):
    without = {name: rows for name, rows in tables.items() if name != table}

    assert section not in [made.key for made in briefing_sections(without)]


def test_the_figures_of_the_municipality_stand_in_pages_and_slides(tables):
    counts = tables["municipality_crime"][["before", "now"]].stack().dropna()

    for slides in (False, True):
        found = words_of(print_briefing(tables, language="en", slides=slides))
        assert {f"{n:,.0f}" for n in counts if f"{n:,.0f}" not in found} == set()


def test_every_section_with_figures_names_its_table(tables):
    with speaking("en"):
        sections = briefing_sections(tables)

    silent = [
        section.key
        for section in sections
        if section.tables and not any("Released tables" in note for note in section.notes)
    ]
    assert silent == ["sources"]
    assert len(sections) <= len(BUILDERS)


def test_the_same_tables_give_the_same_bytes(public):
    tables = released_tables(public)

    assert print_briefing(tables) == print_briefing(tables)
