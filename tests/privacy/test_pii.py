"""Invented people in every form that clerks write them, and what only looks like people."""

import base64
import io
import json
import zipfile
import zlib

import pandas as pd
import pytest
import shapely
import typst
from openpyxl import Workbook

from labtools.privacy.pii import KINDS, PeopleFinder
from labtools.privacy.readable import _guessed, _point, lines_of
from labtools.privacy.readable_pdf import _letters, _Part

FINDER = PeopleFinder(["Benito Alba Reyes", "La Sierrita"])


def kinds(text):
    return {kind for kind, _ in FINDER.in_text(text)}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("name", "la víctima María Fernanda López Hernández salió"),
        ("name", "JUAN CARLOS PEREZ RAMIREZ"),
        ("name", "PÉREZ RAMÍREZ JUAN CARLOS"),
        ("name", "vio a juan pérez lópez en la esquina"),
        ("name", "Rosa de la Cruz Martínez"),
        ("name", "quien dijo llamarse José Luis Ortega"),
        ("curp", "CURP: PELJ850312HQTRMN09"),
        ("curp", "pelj850312hqtrmn09"),
        ("rfc", "PELJ850312AB1"),
        ("rfc", "RFC PELJ-850312-AB1"),
        ("phone", "tel. 442 123 4567"),
        ("phone", "(442) 123-4567"),
        ("phone", "55-1234-5678"),
        ("phone", "+52 1 442 123 4567"),
        ("phone", "4421234567"),
        ("phone", "442 123 45 67"),
        ("email", "escriba a juan.perez+x@correo.example.mx hoy"),
        ("plate", "un Jetta ULA-123-A gris"),
        ("plate", "ULA123A"),
        ("plate", "UKR-12-34"),
        ("plate", "A12-BCD"),
        ("plate", "placas de circulación uk 4521 b"),
        ("address", "Calle Pino Suárez 145"),
        ("address", "AV. UNIVERSIDAD #23"),
        ("address", "en la calle 5 de febrero número 12-A"),
        ("address", "Privada de los Olivos No. 7"),
        ("point", '{"lon": -100.386675, "lat": 20.586155}'),
        ("point", "20.58615, -100.38667"),
        ("point", '"coordinates": [-100.386675, 20.586155]'),
        ("point", "lat=20.58615"),
        ("point", "POINT (-100.4 20.6)"),
        ("point", "20°35'10.2\"N 100°23'12\"O"),
    ],
)
def test_each_form_of_a_person_is_found(kind, text):
    assert kind in KINDS
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "Colonia Benito Alba Reyes, delegación La Sierrita",
        "Calle Vicente Guerrero y Josefa Ortiz de Domínguez",
        "Lomas de San Juan Flores",
        "de enero a diciembre de 2025, 1 234 incidentes",
        "52.7864772141",
        "theft,96.123456,21.54321,99.98765,28.12345",
        "a flat: 12.34567 per thousand",
        "1735689600",
        "sha256 9f8e7d6c5b4a3210ffeeddccbbaa0099",
        "EPSG:6372, ISO 8601, NOM-035, LGPDPPSO",
        "99001_0001 2025-12-31T00:00:00",
        "M 442.12 123.45 L 450.1 130.9",
        "entre 17.1 y 22.4 por mil",
        "llame al 911 o al 089",
        (
            '"geometry": [[[-100.3866, 20.5861], [-100.3866, 20.5871], [-100.3876, 20.5871], '
            "[-100.3866, 20.5861]]]"
        ),
    ],
)
def test_what_only_looks_like_a_person_is_not(text):
    assert kinds(text) == set()


PERSON = "Juana Pérez Ramírez"


def sheet() -> bytes:
    book, kept = Workbook(), io.BytesIO()
    book.active.append(["nota", PERSON])
    book.save(kept)
    return kept.getvalue()


def zipped() -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("inside/data.csv", f"a;b\n1;{PERSON}\n")
    return kept.getvalue()


def parquet(**columns) -> bytes:
    kept = io.BytesIO()
    pd.DataFrame(columns).to_parquet(kept)
    return kept.getvalue()


def pdf() -> bytes:
    page = zlib.compress(f"BT ({PERSON}) Tj ET".encode("latin-1"))
    return b"%PDF-1.7\n1 0 obj\n<< >>\nstream\n" + page + b"\nendstream\nendobj\n"


def typeset(said: str, alt: str) -> bytes:
    """Return a tagged page set in an embedded font: a sentence, and a figure told in words."""
    drawn = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><path d='M0 0h9'/></svg>"
    page = (
        '#set document(title: "A page")\n#set text(lang: "es")\n'
        f'= A page\n{said}\n#image(bytes("{drawn}"), format: "svg", '
        f"alt: {json.dumps(alt, ensure_ascii=False)})"
    )
    made = typst.compile(page.encode(), format="pdf", pdf_standards=["ua-1"])
    assert isinstance(made, bytes)
    return made


ENCODED = base64.b64encode(f"<svg><text>{PERSON}</text></svg>".encode()).decode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", PERSON.encode()),
        ("a", PERSON.encode()),
        ("a.csv", f"folio,nota\n1,{PERSON}".encode()),
        ("a.csv", f"folio,nota\n1,{PERSON}".encode("utf-16")),
        ("a.json", json.dumps({"note": PERSON}).encode()),
        ("a.html", f"<p>{PERSON}</p>".encode()),
        ("a.html", b"<p>Juana P&eacute;rez Ram&#237;rez</p>"),
        ("a.html", "<p><b>Juana</b> Pérez <i>Ramírez</i></p>".encode()),
        ("a.html", f'<p title="{PERSON}">.</p>'.encode()),
        ("a.html", f"<!-- {PERSON} -->".encode()),
        ("a.html", f"<script>var x = {json.dumps({'n': PERSON})}</script>".encode()),
        ("a.html", f'<img src="data:image/svg+xml;base64,{ENCODED}">'.encode()),
        ("a.html", b"<a href='?q=Juana%20P%C3%A9rez%20Ram%C3%ADrez'>x</a>"),
        ("a.svg", f"<svg><title>{PERSON}</title><path d='M0 0'/></svg>".encode()),
        ("a.svg", f'<svg aria-label="{PERSON}"/>'.encode()),
        ("a.xlsx", sheet()),
        ("a.zip", zipped()),
        ("a.pdf", pdf()),
        ("a.pdf", typeset(PERSON, "Una barra.")),
        ("a.pdf", typeset("Una barra.", PERSON)),
        ("a.parquet", parquet(nota=[PERSON, None])),
        ("a.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x1atEXtComment\x00" + b"Juana Perez Ramirez\x00"),
    ],
)
def test_a_name_is_found_however_a_file_holds_it(name, content):
    found = FINDER.in_files([(name, content)])

    assert "name" in {one.kind for one in found}
    assert {one.file for one in found} == {name}


def test_points_in_a_table_are_found_and_boundaries_are_not():
    point = shapely.to_wkb(shapely.Point(-100.38, 20.58))
    boundary = shapely.to_wkb(shapely.box(-100.4, 20.5, -100.3, 20.6))

    found = FINDER.in_files(
        [("p.parquet", parquet(geometry=[point])), ("b.parquet", parquet(geometry=[boundary]))]
    )

    assert [(one.file, one.kind) for one in found] == [("p.parquet", "point")]


def test_a_finding_names_the_place_and_does_not_tell_the_person():
    found = FINDER.in_files([("site/x.csv", f"a\nb\n1,{PERSON}\n".encode())])

    assert len(found) == 1
    assert (found[0].file, found[0].line, found[0].kind) == ("site/x.csv", 3, "name")
    assert "Pérez" not in found[0].sign


@pytest.mark.parametrize("ending", ["xlsx", "zip", "parquet", "html", "svg"])
def test_a_file_that_is_not_what_its_ending_says_is_read_all_the_same(ending):
    found = FINDER.in_files([(f"a.{ending}", PERSON.encode())])

    assert [one.kind for one in found] == ["name"]


@pytest.mark.parametrize("ending", ["pdf", "png"])
def test_a_broken_file_of_pages_or_a_picture_stops_nothing(ending):
    assert FINDER.in_files([(f"a.{ending}", b"not <ABC D> of it (")]) == []


def test_the_words_that_stand_for_a_picture_are_not_read_in_the_codes_of_a_font():
    # A font in whose codes “a” to “j” are the digits, and a picture told in those letters.
    told = "".join(f"{ord(letter):04X}" for letter in "eecbfgabcd")
    content = (
        "%PDF-1.7\n"
        "1 0 obj\n<</Resources<</Font<</f0 2 0 R>>>>/Contents 4 0 R>>\nendobj\n"
        "2 0 obj\n<</ToUnicode 3 0 R>>\nendobj\n"
        "3 0 obj\n<<>>\nstream\n1 beginbfrange\n<0061> <006A> <0030>\nendbfrange\n"
        "endstream\nendobj\n"
        "4 0 obj\n<<>>\nstream\nBT /f0 9 Tf <0061> Tj ET\n"
        f"/Span<</Alt<FEFF{told}>>>BDC EMC\nendstream\nendobj\n"
    )

    assert FINDER.in_files([("a.pdf", content.encode())]) == []
    assert "eecbfgabcd" in list(lines_of("a.pdf", content.encode()))


def test_no_file_or_an_empty_one_has_nobody():
    assert FINDER.in_files([]) == []
    assert FINDER.in_files([("a.html", b""), ("b.csv", b""), ("c", b"\x00\xff\xfe")]) == []


@pytest.mark.parametrize("order", [0, 1], ids=["big endian", "little endian"])
@pytest.mark.parametrize(
    ("shape", "told"),
    [
        (shapely.Point(-100.38, 20.58), "POINT (-100.38 20.58)"),
        (shapely.Point(-100.38, 20.58, 9.0), "POINT (-100.38 20.58)"),
        (shapely.MultiPoint([(-100.38, 20.58)]), "POINT (-100.38 20.58)"),
        (shapely.LineString([(0, 0), (1, 1)]), ""),
        (shapely.box(0, 0, 1, 1), ""),
    ],
)
def test_a_point_in_well_known_bytes_is_told_in_words_whatever_their_order(shape, told, order):
    wkb = shapely.to_wkb(shape, byte_order=order, flavor="iso")

    assert _point(wkb) == told
    assert _point(wkb[:20]) == ""


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"PK\x03\x04", ".zip"),
        (b"%PDF-1.7", ".pdf"),
        (b"\x89PNG\r\n", ".png"),
        (b"PAR1\x00", ".parquet"),
        (b"<p>", ".html"),
        (b"\x00\x01", ""),
    ],
)
def test_what_stands_in_a_data_address_is_known_by_how_it_begins(content, name):
    assert _guessed(content) == name


def font(maps: str, said: str) -> bytes:
    return (
        "%PDF-1.7\n"
        "1 0 obj\n<</Resources<</Font<</f0 2 0 R>>>>/Contents [4 0 R]>>\nendobj\n"
        "2 0 obj\n<</ToUnicode 3 0 R>>\nendobj\n"
        f"3 0 obj\n<<>>\nstream\n{maps}\nendstream\nendobj\n"
        f"4 0 obj\n<<>>\nstream\nBT /f0 9 Tf {said} Tj ET\nBT <0041> Tj ET\nendstream\nendobj\n"
    ).encode()


@pytest.mark.parametrize(
    ("maps", "said", "words"),
    [
        ("1 beginbfchar\n<0001> <0041>\n<0002> <00420043>\nendbfchar", "<000100020001>", "ABCA"),
        ("1 beginbfrange\n<0010> <0012> <0061>\nendbfrange", "<0010001100120013>", "abc"),
        ("1 beginbfrange\n<0010> <0012> <00660061>\nendbfrange", "<00100012>", "fafc"),
        ("1 beginbfrange\n<0005> <0005> <0078>\nendbfrange", "<000500040006>", "x"),
    ],
)
def test_codes_of_a_font_are_read_by_its_own_map_to_the_last_code_of_a_range(maps, said, words):
    lines = lines_of("a.pdf", font(maps, said))

    assert words in lines


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"(P\351rez)", "Pérez"),
        (r"(a\(b\)c)", "a(b)c"),
        (r"(a\tb\\c)", "a\tb\\c"),
        ("(a\\\nb)", "ab"),
        (r"(\53)", "+"),
        (r"(\377)", "ÿ"),
        (r"(\515)", "M"),  # of three digits the high bit is left out
        ("<50E972>", "Pér"),
        ("<50E97>", "Pé"),
        ("<FEFF00500065>", "Pe"),
    ],
)
def test_strings_of_a_page_are_read_with_their_escapes(written, read):
    content = f"%PDF-1.7\n1 0 obj\n<</Title {written}>>\nendobj\n".encode("latin-1")

    assert lines_of("a.pdf", content) == [read]


def test_a_file_of_pages_without_objects_in_sight_is_read_as_text():
    assert "Juana" in lines_of("a.pdf", b"nothing but (Juana) here")


def test_words_about_a_picture_are_read_and_what_is_none_is_not():
    content = b"\x89PNG\r\n\x00\x00tEXtAuthor\x00Juana\x00\x00iTXtTitle\x00Ana\x00IDAT\xff\x00zzz"

    assert lines_of("a.png", content) == ["Author Juana", "Title Ana"]


def test_a_range_of_codes_is_read_as_far_as_two_bytes_can_say():
    held = b"1 beginbfrange\n<000000> <01FFFF> <0100>\nendbfrange"
    parts = {2: _Part(b"/ToUnicode 3 0 R", None), 3: _Part(b"", held)}

    letters = _letters(parts, 2)

    assert len(letters) == 2**16
    assert letters[5] == chr(0x105)


@pytest.mark.parametrize(
    "object_2", ["<</Type/Font>>", "<</ToUnicode 9 0 R>>", "<</ToUnicode 4 0 R>>"]
)
def test_words_of_a_font_without_a_map_are_read_as_they_stand(object_2):
    content = (
        "%PDF-1.7\n"
        "1 0 obj\n<</Resources<</Font<</f0 2 0 R>>>>/Contents 3 0 R>>\nendobj\n"
        f"2 0 obj\n{object_2}\nendobj\n"
        "3 0 obj\n<<>>\nstream\nBT /f0 9 Tf (Juana) Tj ET\nendstream\nendobj\n"
        "4 0 obj\n<<>>\nendobj\n"
    ).encode()

    assert "Juana" in lines_of("a.pdf", content)
