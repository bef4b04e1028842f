"""The demo on paper: what a lab hands out keeps to its two sides and its six pages."""

import io

import pytest

from labtools.charts.ground import ground_of
from labtools.charts.maps import locator_map
from labtools.messages import speaking
from labtools.narrative import sentences
from labtools.publish.briefing import MOST_PAGES, print_briefing, released_tables
from labtools.publish.paper import print_ficha
from labtools.tables.released import read_ficha

pikepdf = pytest.importorskip("pikepdf")

LONGEST = 8


@pytest.fixture(scope="module")
def public(demo_workbench):
    return demo_workbench.latest / "public"


def pages(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)


def printed(ficha, ground) -> bytes:
    with speaking("es_MX"):
        told = sentences(ficha)
        drawn = locator_map(ground, ficha.colonia_id)
    return print_ficha(ficha, map_svg=drawn, sentences=told)


def test_the_fichas_with_most_to_tell_have_two_sides(public):
    files = sorted((public / "fichas").iterdir(), key=lambda file: -file.stat().st_size)
    ground = ground_of(released_tables(public)["colonias_shown"])
    fichas = [read_ficha(file) for file in files[:LONGEST]]

    sides = {ficha.colonia_id: pages(printed(ficha, ground)) for ficha in fichas}

    assert len(sides) == LONGEST
    assert set(sides.values()) == {2}


def test_the_briefing_has_at_most_six_pages(public):
    assert pages(print_briefing(released_tables(public))) <= MOST_PAGES
