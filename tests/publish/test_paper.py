"""The printed ficha: PDF/UA by its properties, and the figures of its tables."""

import io
import re
import shutil
import subprocess

import pandas as pd
import pytest

from labtools.charts.ground import ground_of
from labtools.charts.maps import locator_map
from labtools.messages import speaking
from labtools.privacy.pii import PeopleFinder
from labtools.publish import paper
from labtools.publish.figures import Cell
from labtools.publish.paper import Paper, print_ficha
from labtools.publish.sections import Rows, Section
from labtools.publish.site import build_site
from labtools.tables.batteries import OF_COLONIAS
from labtools.tables.released import Released
from tests.publish.poisoned import poisoned_tables
from tests.publish.released_example import WITHHELD, ficha_of, released_tables

pikepdf = pytest.importorskip("pikepdf")

ADDRESS = "https://laboratorio.example"


def printed(tables, released, **options) -> bytes:
    drawn = locator_map(ground_of(tables["colonias_shown"]), released.colonia_id)
    return print_ficha(released, map_svg=drawn, sentences=options.pop("told", {}), **options)


def words_of(pdf: bytes) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not here: the words of the PDF were not read")
    read = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(read.stdout.decode("utf-8").split())


def structure(pdf) -> list[pikepdf.Dictionary]:
    """Return every element of the tags' tree."""
    found, ahead = [], [pdf.Root.StructTreeRoot]
    while ahead:
        here = ahead.pop()
        if isinstance(here, pikepdf.Array):
            ahead += list(here)
        elif isinstance(here, pikepdf.Dictionary):
            found += [here] if "/S" in here else []
            ahead += [here.K] if "/K" in here else []
    return found


@pytest.fixture(scope="module")
def one(tables) -> bytes:
    return printed(tables, ficha_of(tables, "C000"), paper=Paper(address=ADDRESS))


@pytest.fixture
def opened(one):
    with pikepdf.open(io.BytesIO(one)) as pdf:
        yield pdf


def test_a_ficha_fills_the_two_sides_of_one_sheet_of_a4(opened):
    sizes = {tuple(round(float(n)) for n in page.MediaBox) for page in opened.pages}

    assert len(opened.pages) == 2
    assert sizes == {(0, 0, 595, 842)}


def test_it_names_its_language_its_title_and_the_standard_that_it_keeps(opened):
    with opened.open_metadata() as told:
        title, part = told["dc:title"], told["pdfuaid:part"]

    assert str(opened.Root.Lang) == "es-MX"
    assert title == "Álamos del Río: ficha de la colonia"
    assert part == "1"
    assert bool(opened.Root.ViewerPreferences.DisplayDocTitle)


def test_every_part_is_tagged_and_every_picture_tells_itself_in_words(opened):
    kinds = [str(element.S) for element in structure(opened)]
    pictures = [element for element in structure(opened) if str(element.S) == "/Figure"]

    assert bool(opened.Root.MarkInfo.Marked)
    assert {"/H1", "/H2", "/H3", "/P", "/Table", "/TH", "/TD"} <= set(kinds)
    assert kinds.count("/H1") == 1
    assert len(pictures) >= 6
    assert all(str(picture.get("/Alt", "")).strip() for picture in pictures)


def test_it_is_read_aloud_in_the_order_of_its_page(tables, tmp_path):
    if shutil.which("pdfinfo") is None:
        pytest.skip("pdfinfo (poppler-utils) is not here: the tags of the PDF were not read")
    said = {"crime": ("Said of crime.",), "perception": ("Said of fear.",)}
    said |= {"unknowns": ("Said of gaps.",)}
    released = ficha_of(tables, "C000")
    file = tmp_path / "ficha.pdf"
    file.write_bytes(printed(tables, released, language="en", told=said))

    tree = subprocess.run(
        ["pdfinfo", "-struct-text", str(file)], capture_output=True, check=True
    ).stdout.decode("utf-8", "replace")
    read = "".join(re.findall(r'^ +"(.*)"$', tree, re.MULTILINE))

    in_order = [
        "Álamos del Río",
        "Where it is and who lives there",
        "Recorded crime and perception, side by side",
        "Recorded crime",
        "Said of crime.",
        "Perception",
        "Said of fear.",
        "Recorded crime in detail",
        "Crime beside fear",
        "Quarter by quarter",
        "Actions of the programme",
        "What is not known",
        "Said of gaps.",
        "Sources",
    ]
    place = -1
    for words in in_order:
        place = read.find(words, place + 1)
        assert place >= 0, words


def test_every_font_is_embedded(opened):
    fonts = [
        font.DescendantFonts[0].FontDescriptor
        for page in opened.pages
        for font in dict(page.Resources.get("/Font", {}).items()).values()
    ]

    assert fonts
    assert all({"/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)


def test_nothing_in_it_runs_or_asks_elsewhere(opened):
    assert "/OpenAction" not in opened.Root
    assert "/Names" not in opened.Root or "/JavaScript" not in opened.Root.Names
    assert all("/AA" not in page for page in opened.pages)


@pytest.mark.parametrize("colonia_id", ["C000", WITHHELD])
def test_the_counts_and_rates_of_the_table_stand_on_paper(tables, colonia_id):
    released = ficha_of(tables, colonia_id)
    shown = released.tables["crime"].query("state == 'shown'")
    counts = shown[["events", "events_low", "events_high", "person_years"]].stack().dropna()
    rates = shown.select_dtypes("float").drop(columns="person_years").stack().dropna()

    found = words_of(printed(tables, released, language="en"))

    expected = {f"{n:,.0f}" for n in counts} | {
        f"{r:,.2f}" if 0 < r < 1 else f"{r:,.1f}" for r in rates
    }
    assert {figure for figure in expected if figure not in found} == set()


def test_the_internal_edition_says_so_and_carries_no_code(tables):
    released = ficha_of(tables, "C001")

    internal = words_of(printed(tables, released, audience="internal", language="en"))
    public = words_of(printed(tables, released, paper=Paper(address=ADDRESS), language="en"))

    assert "Internal: not for the public" in internal
    assert "This profile on the web" not in internal
    assert "This profile on the web" in public
    assert "Internal" not in public


def test_words_from_the_data_are_never_taken_for_mark_up(tables):
    hostile = '#panic("x") *b* $1/0$ @r <l> \\ "q" [c] \x07'
    other = released_tables((hostile, *tables["colonias_shown"]["name"][1:]))

    found = words_of(printed(other, ficha_of(other, "C000"), told={"place": (hostile,)}))

    assert found.count('#panic("x") *b* $1/0$ @r <l> \\ "q" [c]') >= 2


def test_a_letter_that_no_font_draws_becomes_an_empty_square(tables):
    other = released_tables(("Barrio \U0001f600 日", *tables["colonias_shown"]["name"][1:]))

    found = words_of(printed(other, ficha_of(other, "C000")))

    assert "Barrio \N{WHITE SQUARE} \N{WHITE SQUARE}" in found


def test_a_person_in_a_printed_ficha_is_found_and_nobody_else(tables):
    released = ficha_of(tables, "C001")
    told = {"place": ("Lo dijo vecina.norte@correo.example, tel. 442 123 4567.",)}

    clean = PeopleFinder(tables["colonias_shown"]["name"]).in_files(
        [("a.pdf", printed(tables, released))]
    )
    found = PeopleFinder().in_files([("a.pdf", printed(tables, released, told=told))])

    assert clean == []
    assert {"email", "phone"} <= {person.kind for person in found}


def test_a_ficha_with_much_to_say_still_fits_its_two_sides(tables):
    released = ficha_of(tables, "C000")
    actions = pd.concat([tables["actions_done"].head(1)] * 14, ignore_index=True)
    sources = pd.concat([released.tables["sources"]] * 4, ignore_index=True)
    asked = released.tables["perception"].query("state == 'shown'").head(1)
    areas = (("colonia", "C000"), ("borough", "Norte"), ("city", "Example"))
    perception = pd.concat(
        [
            asked.assign(indicator=indicator, area_kind=kind, area=area, source=source)
            for indicator in (*OF_COLONIAS, "control_help", "control_fight", "control_children")
            for kind, area in areas
            for source in ("survey", "model")
        ]
    )
    told = {"actions_done": actions, "sources": sources, "perception": perception}
    proposals = pd.concat([poisoned_tables()["proposals"].assign(name="Alumbrado público")] * 3)
    told["proposals"] = proposals.assign(evidence="Revisión de muchas ciudades, 2022", caveats="")
    full = Released("C000", {**released.tables, **told}, "x")

    with pikepdf.open(io.BytesIO(printed(tables, full))) as pdf:
        assert len(pdf.pages) == 2


def test_where_even_small_letters_have_no_room_the_pictures_give_way_and_the_words_stay(tables):
    released = ficha_of(tables, "C000")
    actions = pd.concat([tables["actions_done"].head(1)] * 34, ignore_index=True)
    full = Released("C000", {**released.tables, "actions_done": actions}, "x")

    pdf = printed(tables, full, language="en")

    found, usual = words_of(pdf), words_of(printed(tables, released, language="en"))
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.pages) == 2
    assert "Its picture is on the page of this colonia." in found
    assert "Its picture is on the page of this colonia." not in usual
    assert "Sources" in found


def test_an_area_with_too_few_answers_is_named_once():
    here, city = Cell("—", "insufficient"), Cell("41 %")
    heads = ("Indicator", "This colonia", "City")
    one = Rows("What protects", heads, ((Cell("Trust"), here, city),))
    many = Rows("What worries", heads, ((Cell("Noise"), here, city), (Cell("Rubbish"), here, city)))

    with speaking("en"):
        alone = paper._with_figures(Section("answers", "", tables=(one,)))
        both = paper._with_figures(Section("answers", "", tables=(one, many)))

    assert alone.notes == ("Insufficient sample: Trust, This colonia.",)
    assert both.notes == ("Insufficient sample: This colonia.",)
    assert {table.heads for table in both.tables} == {("Indicator", "City")}


def test_the_same_words_give_the_same_bytes_and_are_printed_once(tables, tmp_path):
    released, kept = ficha_of(tables, "C002"), tmp_path / "kept"

    first = printed(tables, released, paper=Paper(kept=kept))
    file = next(kept.iterdir())
    file.write_bytes(b"printed before")
    again = printed(tables, released, paper=Paper(kept=kept))

    assert first == printed(tables, released)
    assert again == b"printed before"


def test_the_site_offers_the_printed_ficha_beside_its_page(public, tmp_path):
    site = build_site(public, tmp_path / "site", paper=Paper(("es_MX",), ADDRESS)).folder

    page = (site / "colonias" / "c000.html").read_text(encoding="utf-8")
    english = (site / "en" / "colonias" / "c000.html").read_text(encoding="utf-8")
    assert '<a href="c000.pdf">' in page
    assert "c000.pdf" not in english
    assert (site / "colonias" / "c000.pdf").read_bytes().startswith(b"%PDF")
