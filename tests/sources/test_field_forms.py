"""Forms of the field: the telephone, the paper and the codes read back say the same."""

import io
import re

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from labtools.errors import SettingsError, SourceError
from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.sources.descriptor import load_descriptor
from labtools.sources.field_answers import with_design
from labtools.sources.field_forms import FieldForm, form_names, read_form, xlsform
from labtools.sources.perception import clean_survey
from tests.sources.supplied import clean, intake, written

FORMS = ("cohesion", "perception", "safety_walk")
SAMPLE = pd.DataFrame(
    {
        "visit": ["V1", "V2", "V3", "V4", "V5"],
        "colonia_id": ["1", "1", "2", "2", "3"],
        "borough": ["Centro"] * 5,
        "stratum": ["A", "A", "A", "B", "C"],
        "cluster": ["U1", "U1", "U2", "U3", "U4"],
        "weight": ["10", "20", "30", "40", "50"],
    }
)


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def answers(**columns):
    n = len(next(iter(columns.values())))
    names = [asked.name for asked in read_form("cohesion").question]
    blank = {name: [""] * n for name in names}
    told = {"wave": ["2026-06"] * n, **blank, **columns}
    return pd.DataFrame(told, dtype="str")


def joined(folder, given, sample=SAMPLE):
    form = read_form("cohesion")
    return with_design(
        form, given, sample, sent=folder / "respuestas.csv", listed=folder / "muestra.csv"
    )


def test_the_three_forms_ship_with_the_package():
    assert form_names() == FORMS


@pytest.mark.parametrize("name", FORMS)
def test_odk_reads_each_form_with_its_questions_codes_and_conditions(name):
    reader = pytest.importorskip("pyxform.xls2xform", reason="the extra “forms” is not installed")
    form = read_form(name)

    made = reader.convert(io.BytesIO(xlsform(form)), form_name=name, file_type=".xlsx").xform

    for asked in form.question:
        assert f'nodeset="/{name}/{asked.name}"' in made
        for code, label in asked.options:
            assert f"<name>{code.replace(' ', '_')}</name>" in made
            assert label in made
        if asked.when:
            other, code = asked.when.split(" = ")
            assert re.search(rf"relevant=\"[^\"]*/{name}/{other} +(= |, )'{code}'", made)
    assert ("wave" in made) == form.design


@pytest.mark.parametrize("name", FORMS)
def test_no_form_asks_who_somebody_is_or_whose_telephone_it_is(name):
    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsform(read_form(name))))
    rows = book.get_sheet_by_name("survey").to_python()
    kinds = {str(row[0]).split(" ")[0] for row in rows[1:]}
    labels = " ".join(str(row[2]) for row in rows[2:]).casefold()

    assert kinds <= {
        "note", "calculate", "text", "select_one", "select_multiple", "integer", "date", "geopoint",
    }  # fmt: skip
    assert not re.search(r"\b(su nombre|apellido|curp|tel[eé]fono|domicilio|correo)\b", labels)


def test_the_same_form_is_the_same_bytes():
    assert xlsform(read_form("perception")) == xlsform(read_form("perception"))


@pytest.mark.parametrize("name", ["cohesion", "perception"])
def test_the_codes_read_back_are_those_that_are_asked(tmp_path, name):
    said = load_descriptor(f"survey_{name}", Workbench(tmp_path)).question
    asked = [one for one in read_form(name).question if one.indicator]

    assert [(q.column, q.indicator, q.yes, q.no) for q in said] == [
        (one.name, one.indicator, one.yes, one.no) for one in asked
    ]
    for one in asked:
        assert {*one.yes, *one.no} <= {code for code, _ in one.options}


def test_who_answered_stands_for_who_did_not_within_the_stratum(tmp_path):
    found = joined(tmp_path, answers(visit=["V1", "V2", "V4"]))

    # Of A answered 10 + 20 of 60: each stands for twice as many; of B everybody did.
    assert found.table["weight"].astype(float).tolist() == [20, 40, 40]
    assert found.table["stratum"].tolist() == ["A", "A", "B"]
    assert [str(it) for it in found.findings] == [
        (
            "Encuesta de cohesión social: nobody answered in the stratum C, for which the survey "
            "cannot speak."
        ),
        (
            "Encuesta de cohesión social: 2 visits of 5 have no answer; those of their strata "
            "stand for them."
        ),
    ]


def test_every_answer_is_kept_or_rejected_with_a_reason(tmp_path):
    given = answers(
        visit=["V1", "V1", "V9", "", "V4", "V5"],
        wave=["2026-06", "2026-06", "2026-06", "2026-06", "junio", "2026-06"],
    )

    account = joined(tmp_path, given).account

    assert (account.read, account.kept) == (6, 2)
    assert dict(account.rejected) == {
        "visit_repeated": 1,
        "visit_not_in_sample": 2,
        "wave_not_valid": 1,
    }


def test_columns_that_stand_in_a_group_of_the_form_are_found(tmp_path):
    given = answers(visit=["V1"]).rename(columns={"close_knit": "parte_1/close_knit"})

    assert "close_knit" in joined(tmp_path, given).table


def test_answers_with_their_design_are_a_survey_that_the_lab_reads(tmp_path):
    given = answers(visit=["V1", "V2", "V3", "V4"], close_knit=["4", "2", "9", "5"])
    path = tmp_path / "encuesta.csv"
    joined(tmp_path, given).table.to_csv(path, index=False)
    said = load_descriptor("survey_cohesion", Workbench(tmp_path)).model_dump()

    found = clean_survey(intake(path, said, cutoff="2026-12-31"))

    asked = found.tables["survey"].groupby("indicator")
    assert set(asked.groups) == {
        *("cohesion", "cohesion_close_knit", "cohesion_help"),
        *("control_graffiti", "control_school"),
    }
    table = asked.get_group("cohesion_close_knit")
    assert (found.account.read, found.account.kept) == (4, 4)
    assert table["value"].fillna(-1).tolist() == [1, 0, -1, 1]
    assert table["weight"].tolist() == [10, 20, 30, 40]
    assert table["cluster"].tolist() == ["U1", "U1", "U2", "U3"]
    assert table["wave"].unique().tolist() == [pd.Timestamp("2026-06-01")]


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("weight", "0", r"muestra\.csv, row 3: each visit .* “V2” has not"),
        ("weight", "diez", r"row 3"),
        ("stratum", " ", r"row 3"),
        ("visit", "V1", r"“V1” has not \(1 rows\)"),
    ],
)
def test_a_sample_in_which_a_visit_stands_for_nobody_is_refused(tmp_path, column, value, told):
    sample = SAMPLE.copy()
    sample.loc[1, column] = value

    with pytest.raises(SourceError, match=told):
        joined(tmp_path, answers(visit=["V1"]), sample)


def test_answers_of_another_sample_are_refused(tmp_path):
    with pytest.raises(SourceError, match=r"none of its 1 answers has a visit of muestra\.csv"):
        joined(tmp_path, answers(visit=["X1"]))


def test_the_points_of_a_safety_walk_are_reports_with_their_place(tmp_path):
    path = written(
        tmp_path,
        "colonia,walked_on,_place_latitude,_place_longitude,issue,women_avoid,hour,asks\n"
        "Centro,2024-06-01,20.6,-100.4,Luminaria apagada,1,3,Luz\n",
    )
    said = load_descriptor("safety_walk", Workbench(tmp_path)).model_dump()

    events = clean(intake(path, said)).tables["events"]

    assert events[["record_type", "subject", "place", "lon", "lat"]].to_numpy().tolist() == [
        ["citizen_report", "Luminaria apagada", "Centro", -100.4, 20.6]
    ]


def test_an_unknown_form_is_refused_with_those_there_are():
    with pytest.raises(SettingsError, match=r"cohesion, perception, and safety_walk"):
        read_form("nada")


def test_a_form_with_a_slip_is_refused_with_its_entry(tmp_path):
    folder = tmp_path / "data" / "reference" / "forms"
    folder.mkdir(parents=True)
    (folder / "mia.toml").write_text('id = "mia"\n[[question]]\nname = "a"\nkind = "uno"\n')

    with pytest.raises(
        SourceError, match=r"mia\.toml: 8 entries .* the first is title: it is missing"
    ):
        read_form("mia", Workbench(tmp_path))


def test_a_condition_on_one_of_many_answers_asks_whether_it_was_chosen():
    told = read_form("safety_walk").model_dump()
    told["question"] = [*told["question"], {"name": "x", "kind": "words", "text": "¿?",
                                            "when": "hour = 3"}]  # fmt: skip
    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsform(FieldForm.model_validate(told))))

    last = book.get_sheet_by_name("survey").to_python()[-1]

    assert "selected(${hour}, '3')" in last
