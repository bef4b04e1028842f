"""Rows in = rows kept + rows rejected by reason, for every loader and whatever the rows say."""

from __future__ import annotations

import csv
import io

import pytest
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from labtools.errors import SourceError
from labtools.sources.catalogue import CLEANERS
from labtools.sources.incidence import MONTHS
from labtools.tables.contracts import check_table
from labtools.tables.reasons import REASONS
from tests.sources.bad_counts import CENSUS, CITY, HEADER, MUNICIPAL
from tests.sources.supplied import EVENTS, REGISTER, clean, intake, register_file, square, written
from tests.sources.workbooks import ensu, one_table

LEVELS = {"type": "Tipo", "subtype": "Subtipo", "mode": "Modalidad"}
KEY = ["22014_1", "007", "", "Las Peñas", " 7 "]
DAY = ["2024-05-06", "2024-02-30", "", "hoy", "2031-01-01", "2024-05-06T03:00:00Z"]
WORD = ["Robo", "ROBO", "", "Homicidio", "Total"]
COUNT = ["0", "3", "12.0", "", "N/D"]
TOKENS = {"N/D": "not_available"}

#: Kind → what describes it, and the cells that each column may hold.
TABLES = {
    "events": (
        {**EVENTS, "columns": {**EVENTS["columns"], "narrative": "relato"}},
        {
            "folio": ["A1", "A2", "A3", ""],
            "relato": ["Lo amagaron", ""],
            "fecha": DAY,
            "hora": ["08:00", "25:00", ""],
            "delito": WORD,
            "lon": ["-100.41234", "0", "x", ""],
            "lat": ["20.61234", "0", "91", ""],
            "colonia": ["Centro", ""],
        },
    ),
    "programme": (
        {
            "kind": "programme",
            "columns": {"colonia_id": "c", "entered_on": "alta", "left_on": "baja", "stage": "e"},
        },
        {"c": KEY, "alta": DAY, "baja": ["", "2024-06-01"], "e": ["", "ampliación"]},
    ),
    "aliases": (
        {
            "kind": "aliases",
            "columns": {"colonia_id": "c", "name": "n", "borough": "b", "valid_from": "d"},
        },
        {"c": KEY, "n": ["Centro", ""], "b": ["", "Norte"], "d": DAY},
    ),
    "codings": (
        {"kind": "codings", "columns": {"subject": "s", "crime_code": "c", "coder": "q"}},
        {"s": WORD, "c": ["fraud", "threats", "", "dos palabras"], "q": ["A", ""]},
    ),
    "factor_codings": (
        {
            "kind": "factor_codings",
            "columns": {"subject": "s", "factor": "f", "coder": "q"},
        },
        {"s": WORD, "f": ["factor_7", "none", "", "dos palabras"], "q": ["A", ""]},
    ),
    "actions": (
        {
            "kind": "actions",
            "columns": {"colonia_id": "c", "done_on": "f", "action_type": "t", "dose": "d"},
        },
        {"c": KEY, "f": DAY, "t": ["taller", ""], "d": ["", "2.5", "10"]},
    ),
    "network_answers": (
        {
            "kind": "network_answers",
            "columns": {
                "colonia_id": "c", "held_on": "f", "participant": "p", "need": "n", "rank": "r"
            },
        },
        {
            "c": KEY,
            "f": DAY,
            "p": ["1", "2", "03", ""],
            "n": ["4", "factor_5", "9", "", "luminarias"],
            "r": ["1", "2", "0", "x", ""],
        },
    ),
    "census": (
        CENSUS,
        {
            "ENT": ["22", "00"],
            "MUN": ["014", "000"],
            "LOC": ["0001", "0000"],
            "AGEB": ["001A", "0024", "0000"],
            "MZA": ["000", "001", "002"],
            "POB": ["*", "N/D", "", "40"],
        },
    ),
    "municipal_incidence": (
        {**MUNICIPAL, "tokens": TOKENS},
        {
            **dict(zip(HEADER[:5], [["2024", "2023", "24", ""], ["22014", ""], WORD, WORD, WORD],
                       strict=True)),
            **dict.fromkeys(MONTHS, COUNT),
        },
    ),
    "state_victims": (
        {
            "kind": "state_victims",
            "columns": {"month": "m", "area": "a", "events": "n", **LEVELS},
            "tokens": TOKENS,
        },
        {
            "m": ["2024-01", "2024-02-01", "enero", ""],
            "a": ["22", "", "9"],
            **dict.fromkeys(LEVELS.values(), WORD),
            "sexo": ["Hombre", "Mujer"],
            "n": COUNT,
        },
    ),
    "survey": (
        {
            "kind": "survey",
            "columns": {"wave": "o", "colonia_id": "c", "borough": "b", "stratum": "s",
                        "cluster": "u", "weight": "w"},
            "question": [{"column": "p", "indicator": "insecurity", "yes": ["2"], "no": ["1"]}],
        },
        {
            "o": ["2024-06", "junio", ""],
            "c": KEY,
            "b": ["Centro", "CENTRO", ""],
            "s": ["E1", ""],
            "u": ["U1", "U2", ""],
            "w": ["2.5", "10", "0", ""],
            "p": ["1", "2", "9", ""],
        },
    ),
    "establishments": (
        {
            "kind": "establishments",
            "columns": {"id": "id", "activity": "a", "lon": "x", "lat": "y", "staff": "s"},
        },
        {
            "id": ["1", "2", "3", ""],
            "a": ["722412", "461110", "72", "Bar", ""],
            "x": ["-100.41234", "0", "x", ""],
            "y": ["20.61234", "0", ""],
            "s": ["0 a 5 personas", ""],
        },
    ),
    "ageb_index": (
        {
            "kind": "ageb_index",
            "columns": {"id": "k", "population": "p"},
            "indicator": [{"key": "marginality", "label": "i", "numerator": ["i"]}],
            "tokens": TOKENS,
        },
        {
            "k": ["220140001001A", "2201400010024", "110140001001A"],
            "p": ["300", "0", "", "N/D"],
            "i": ["120.5", "N/D", ""],
        },
    ),
    "city_perception": (
        CITY,
        {
            "t": ["2024-T1", "2024-T2", "2024-T5", ""],
            "ciudad": ["Querétaro", "QUERETARO", "León", ""],
            "ind": ["inseguridad", "cohesion", ""],
            "p": ["38.27", "", "100", "0"],
            "cv": ["4", ""],
        },
    ),
}  # fmt: skip
WORKBOOKS = {"ensu_workbook", "survey_tables"}
NONE = ["ND", "*", "n. d.", "", None]
NOT_TABLES = {"colonias", "ageb", *WORKBOOKS}  # polygons, below, and INEGI's own workbooks

quick = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


def assert_conserved(found, rows):
    account = found.account
    assert account.read == rows
    assert account.read == account.kept + sum(account.rejected.values())
    assert min(account.rejected.values(), default=1) > 0
    assert set(account.rejected) <= set(REASONS)
    for name, table in found.tables.items():
        check_table(name, table)


def test_every_loader_is_tried():
    assert set(TABLES) | NOT_TABLES == set(CLEANERS)


@pytest.mark.parametrize("kind", TABLES)
def test_a_row_cut_after_one_blank_cell_is_read_and_set_apart(tmp_path, kind):
    said, cells = TABLES[kind]
    full = [choices[0] for choices in cells.values()]
    sheet = io.StringIO()
    csv.writer(sheet).writerows([list(cells), full, [""]])

    found = clean(intake(written(tmp_path, sheet.getvalue()), said))

    assert_conserved(found, 2)
    assert sum(found.account.rejected.values()) >= 1


@pytest.mark.parametrize("kind", TABLES)
@quick
@given(data=st.data())
def test_every_row_of_a_table_is_kept_or_rejected_with_a_reason(tmp_path, kind, data):
    said, cells = TABLES[kind]
    whole = st.tuples(*(st.sampled_from(choices) for choices in cells.values()))
    row = st.one_of(whole, whole, whole, whole.map(lambda full: full[: len(full) // 2]))
    rows = data.draw(st.lists(row, min_size=1, max_size=14))
    sheet = io.StringIO()
    csv.writer(sheet).writerows([list(cells), *rows])
    given_file = intake(written(tmp_path, sheet.getvalue()), said)

    try:
        found = clean(given_file)
    except SourceError:
        assume(False)  # refused: no row was taken for another  # noqa: FBT003
        return

    # A row of one blank cell is written `""`: a row like any other, unlike a blank line.
    assert_conserved(found, sum(len(row) > 0 for row in rows))


@pytest.mark.parametrize("kind", sorted(NOT_TABLES - WORKBOOKS))
@quick
@given(data=st.data())
def test_every_feature_of_a_register_is_kept_or_rejected_with_a_reason(tmp_path, kind, data):
    shapes = data.draw(
        st.lists(st.sampled_from(["square", "bowtie", "none", "empty", "line"]), min_size=1)
    )
    drawn = {
        "square": lambda at: square(at, 0),
        "bowtie": lambda at: shapely.Polygon([(at, 0), (at + 1, 1), (at + 1, 0), (at, 1)]),
        "none": lambda _: None,
        "empty": lambda _: shapely.Polygon(),
        "line": lambda at: shapely.LineString([(at, 0), (at + 1, 1)]),
    }
    assume({"square", "bowtie"} & set(shapes))
    path = register_file(
        tmp_path,
        clave=[
            f"{data.draw(st.sampled_from(['22014', '22006']))}_{at}" for at in range(len(shapes))
        ],
        nombre=["a"] * len(shapes),
        pob=["1"] * len(shapes),
        geometry=[drawn[shape](at) for at, shape in enumerate(shapes)],
    )

    found = clean(intake(path, {**REGISTER, "kind": kind}))

    assert_conserved(found, len(shapes))
    assert found.account.kept == sum(shape in {"square", "bowtie"} for shape in shapes)


@quick
@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from([0, 38, 100, *NONE])), min_size=1)
)
def test_every_city_of_inegi_s_workbook_is_kept_or_set_apart_with_a_reason(
    tmp_path_factory, cities
):
    rows = [
        row
        for city, share in cities
        for row in ([city], ["Seguro", 1, 2, 3], ["Inseguro", *([] if share is None else [share])])
    ]

    found = clean(ensu(tmp_path_factory.mktemp("ensu"), rows))

    # A city that is told twice with two figures is one row too many of the table, not of the file.
    account, told = found.account, {case for case in cities if case[1] not in NONE}
    assert account.read == len(cities) == account.kept + sum(account.rejected.values())
    assert account.kept == len(found.tables["city_perception"]) == len(told)
    assert account.rejected.get("no_estimate", 0) == sum(share in NONE for _, share in cities)


@quick
@given(
    figures=st.lists(
        st.one_of(st.integers(1, 900), st.sampled_from(NONE[:4])), min_size=1, max_size=9
    )
)
def test_every_row_of_a_workbook_of_estimates_is_kept_or_set_apart_with_a_reason(
    tmp_path_factory, figures
):
    assume(isinstance(figures[0], int) or bool(figures[0]))
    given_file = one_table(tmp_path_factory.mktemp("envipe"), figures)

    found = clean(given_file)

    last = max(at for at, figure in enumerate(figures, start=1) if figure != "")
    assert_conserved(found, last)
    assert found.account.kept == sum(isinstance(figure, int) for figure in figures)
