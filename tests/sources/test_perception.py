import dataclasses
import zipfile

import pandas as pd
import pytest

from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.sources import files
from labtools.sources.descriptor import load_descriptor
from labtools.sources.ensu_workbook import clean_ensu_workbook
from labtools.sources.perception import clean_city_perception, clean_survey
from labtools.tables.contracts import check_table
from tests.sources.supplied import intake, written
from tests.sources.workbooks import ENSU, TITLE, ensu

SURVEY = {
    "kind": "survey",
    "columns": {
        "wave": "ola",
        "colonia_id": "cve",
        "borough": "del",
        "stratum": "est",
        "cluster": "upm",
        "weight": "fac",
    },
    "question": [{"column": "p1", "indicator": "insecurity", "yes": ["2"], "no": ["1"]}],
}
CITY = {
    "kind": "city_perception",
    "columns": {
        "quarter": "trim",
        "city": "ciudad",
        "indicator": "ind",
        "percent": "pct",
        "cv": "cv",
    },
}


def survey(folder, *rows):
    text = "\n".join(["ola,cve,del,est,upm,fac,p1", *rows]) + "\n"
    return clean_survey(intake(written(folder, text), SURVEY, source="encuesta"))


def city(folder, *rows):
    text = "\n".join(["trim,ciudad,ind,pct,cv", *rows]) + "\n"
    return clean_city_perception(intake(written(folder, text), CITY, source="ensu"))


def city_rows(name, unsafe):
    return [[name], ["Seguro", 1, 2, 100 - unsafe], ["Inseguro", 3, 4, unsafe]]


def test_an_answer_is_yes_no_or_not_known(tmp_path):
    rows = [
        f"2024-06,22014_1,Centro,E1,U{n},2.5,{code}" for n, code in enumerate(["2", "1", "9", ""])
    ]

    table = check_table("survey", survey(tmp_path, *rows).tables["survey"])

    assert table["value"].fillna(-1).tolist() == [1, 0, -1, -1]
    assert table["wave"].unique().tolist() == [pd.Timestamp("2024-06-01")]
    assert table["respondent"].is_unique


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2024-06,1,Centro,E1,U1,,1", "no_weight_or_design"),
        ("2024-06,1,Centro,E1,U1,0,1", "no_weight_or_design"),
        ("2024-06,1,Centro, ,U1,1,1", "no_weight_or_design"),
        ("2024-06,1,Centro,E1", "no_weight_or_design"),
        ("junio,1,Centro,E1,U1,1,1", "wave_not_valid"),
    ],
)
def test_a_respondent_who_cannot_stand_for_anybody_is_rejected(tmp_path, row, reason):
    account = survey(tmp_path, "2024-06,1,Centro,E1,U1,1,1", row).account

    assert (account.read, account.kept, dict(account.rejected)) == (2, 1, {reason: 1})


def ensu_microdata(folder, asked, conflicts):
    """Read INEGI's own layout, `conflicts` in BP2_2_01; no other question of it has answers."""
    known = load_descriptor("ensu_microdata", Workbench(folder))
    one = [q for q in known.question if q.column in {"BP1_1", "BP2_2_01"}]
    rows = [
        f"0924,E{at % 2},U{at % 6},{100 + at},{insecure},{conflict}"
        for at, (insecure, conflict) in enumerate(zip(asked, conflicts, strict=True))
    ]
    text = "\n".join(["PER,EST_DIS,UPM_DIS,FAC_SEL,BP1_1,BP2_2_01", *rows]) + "\n"
    given = intake(written(folder, text), SURVEY, source="ensu")
    said = known.model_copy(update={"question": tuple(one)})
    return clean_survey(dataclasses.replace(given, descriptor=said))


@pytest.mark.parametrize("not_asked", ["b", "", " "])
def test_who_was_not_asked_of_conflicts_had_none(tmp_path, not_asked):
    conflicts = ["1"] * 6 + ["0"] * 14 + [not_asked] * 40

    table = ensu_microdata(tmp_path, ["2", "1", "9"] * 20, conflicts).tables["survey"]

    value = table.groupby("indicator")["value"]
    assert value.count().to_dict() == {"insecurity": 60, "conflict_noise": 60}
    assert value.mean().to_dict() == pytest.approx({"insecurity": 1 / 3, "conflict_noise": 0.1})


def test_a_question_that_nobody_was_asked_is_refused(tmp_path):
    told = "“BP2_2_01”: none of its 60 answers"

    with speaking("en"), pytest.raises(SourceError, match=told):
        ensu_microdata(tmp_path, ["2", "1", "9"] * 20, ["b"] * 60)


FILES = {"column": "p2", "indicator": "file_opened", "yes": ["1"], "no": ["2"], "may_lack": True}


@pytest.mark.parametrize("p2", [None, ["", "", ""], ["1", "2", ""]])
def test_a_question_asked_of_few_may_lack_its_column_or_all_of_its_answers(tmp_path, p2):
    head = "ola,cve,del,est,upm,fac,p1" + ("" if p2 is None else ",p2")
    said = [f"2024-06,22014_1,Centro,E1,U{k},2.5,{1 + k % 2}" for k in range(30)]
    rows = [row + ("" if p2 is None else f",{p2[k % 3]}") for k, row in enumerate(said)]
    path = written(tmp_path, "\n".join([head, *rows]) + "\n")
    descriptor = SURVEY | {"question": [*SURVEY["question"], FILES]}

    table = clean_survey(intake(path, descriptor, source="encuesta")).tables["survey"]

    told = table.loc[table["indicator"] == "file_opened", "value"]
    assert told.fillna(-1).to_list() == ([1, 0, -1] * 10 if p2 == ["1", "2", ""] else [])


def test_codes_that_nobody_declared_are_refused_also_where_a_question_may_lack(tmp_path):
    rows = [f"2024-06,22014_1,Centro,E1,U{k},2.5,{1 + k % 2},si" for k in range(30)]
    path = written(tmp_path, "\n".join(["ola,cve,del,est,upm,fac,p1,p2", *rows]) + "\n")

    with pytest.raises(SourceError):
        clean_survey(intake(path, SURVEY | {"question": [*SURVEY["question"], FILES]}))


def test_words_beside_the_token_of_not_asked_are_refused(tmp_path):
    conflicts = ["1"] * 6 + ["Sí"] * 14 + ["b"] * 40

    with speaking("en"), pytest.raises(SourceError, match="“BP2_2_01”: 14 answers are words"):
        ensu_microdata(tmp_path, ["2", "1", "9"] * 20, conflicts)


def test_a_token_of_not_asked_that_is_no_answer_is_missing(tmp_path):
    rows = [f"2024-06,1,C,E{n % 2},U{n},1,{'b' if n > 9 else 2 - n % 2}" for n in range(60)]
    text = "\n".join(["ola,cve,del,est,upm,fac,p1", *rows]) + "\n"
    said = {**SURVEY, "tokens": {"b": "not_asked"}}

    table = clean_survey(intake(written(tmp_path, text), said)).tables["survey"]

    assert table["value"].count() == 10


def test_a_respondent_of_an_unreadable_colonia_still_stands_for_the_city(tmp_path):
    found = survey(tmp_path, "2024-06,Las Peñas,Centro,E1,U1,1,1")

    assert found.tables["survey"]["colonia_id"].isna().tolist() == [True]
    assert (found.account.kept, found.account.changed) == (1, {"key_not_valid": 1})


def test_a_weight_with_a_comma_is_refused(tmp_path):
    with speaking("en"), pytest.raises(SourceError, match="“fac”: “2,5” in row 2"):
        survey(tmp_path, '2024-06,1,Centro,E1,U1,"2,5",1')


def test_percentages_of_a_city_become_shares(tmp_path):
    found = city(
        tmp_path, "2024-T3,Querétaro,inseguridad,38.27,4.1", "2024-T4,Querétaro,inseguridad,,"
    )

    table = check_table("city_perception", found.tables["city_perception"])
    assert table["indicator"].unique().tolist() == ["insecurity"]
    assert table["quarter"].tolist() == [pd.Timestamp("2024-07-01"), pd.Timestamp("2024-10-01")]
    assert table["share"].fillna(-1).tolist() == pytest.approx([0.3827, -1])


@pytest.mark.parametrize(
    ("rows", "read"),
    [
        (["2024-T1,Nacional,inseguridad,61.0,0.71", "2024-T2,Nacional,inseguridad,59.4,0.74"],
         [0.0071, 0.0074]),
        (["2024-T1,Nacional,inseguridad,61.0,0.71", "2024-T1,León,inseguridad,70.5,4.1",
          "2024-T1,Colima,inseguridad,82.3,3.9"], [0.0071, 0.041, 0.039]),
        (["2024-T1,León,inseguridad,70.5,0.8", "2024-T2,León,inseguridad,71.0,18"], [0.008, 0.18]),
        (["2024-T1,León,cohesion,1.4,130", "2024-T2,León,cohesion,1.5,98"], [1.3, 0.98]),
    ],
)  # fmt: skip
def test_coefficients_of_a_country_and_of_rare_answers_are_read(tmp_path, rows, read):
    table = check_table("city_perception", city(tmp_path, *rows).tables["city_perception"])

    assert table["cv"].tolist() == pytest.approx(read)


def test_a_coefficient_for_which_millions_would_have_been_asked_is_refused(tmp_path):
    rows = ["2024-T1,León,inseguridad,70.5,4.1", "2024-T2,León,inseguridad,71.0,0.04"]

    with speaking("en"), pytest.raises(SourceError, match=r"“cv”: “0\.04” in row 3 is no coeff"):
        city(tmp_path, *rows)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2024-T5,Querétaro,inseguridad,38,4", "quarter_not_valid"),
        ("2024,Querétaro,inseguridad,38,4", "quarter_not_valid"),
        ("2024-T1, ,inseguridad,38,4", "no_city_or_indicator"),
        ("2024-T1", "no_city_or_indicator"),
    ],
)
def test_a_city_row_without_place_or_time_is_rejected(tmp_path, row, reason):
    account = city(tmp_path, "2024-T1,Querétaro,inseguridad,38,4", row).account

    assert (account.read, account.kept, dict(account.rejected)) == (2, 1, {reason: 1})


def test_a_workbook_gives_each_city_its_share_and_the_worst_cv_of_its_colour(tmp_path):
    rows = [
        *city_rows("Querétaro1", 38.27),
        *city_rows("León", 70.5),
        *city_rows("Tapachula", 90),
        *city_rows("Colima", 50),
    ]
    fills = [(5, "#FFEA00"), (8, "#FF5400"), (11, "#123456")]

    table = clean_ensu_workbook(ensu(tmp_path, rows, fills=fills)).tables["city_perception"]

    table = check_table("city_perception", table)
    assert table["city"].tolist() == ["Querétaro", "León", "Tapachula", "Colima"]
    assert table["share"].tolist() == pytest.approx([0.3827, 0.705, 0.9, 0.5])
    assert table["cv"].fillna(-1).tolist() == [0.15, 0.30, -1, -1]
    assert table["quarter"].unique().tolist() == [pd.Timestamp("2024-07-01")]


def test_a_city_that_lies_in_two_states_is_kept_once(tmp_path):
    rows = [
        *city_rows("La Laguna", 38.27),
        *city_rows("León", 70.5),
        *city_rows("La Laguna", 38.27),
    ]

    found = clean_ensu_workbook(ensu(tmp_path, rows))

    assert found.tables["city_perception"]["city"].tolist() == ["La Laguna", "León"]
    assert (found.account.read, found.account.kept) == (3, 2)
    assert dict(found.account.rejected) == {"row_repeated": 1}


def test_a_city_without_estimate_is_set_apart_and_told(tmp_path):
    rows = [*city_rows("León", 70), ["Colima"], ["Seguro", 1, 2, "ND"], ["Inseguro", 3, 4, "ND"]]

    found = clean_ensu_workbook(ensu(tmp_path, rows))

    assert found.tables["city_perception"]["city"].tolist() == ["León"]
    assert (found.account.read, dict(found.account.rejected)) == (2, {"no_estimate": 1})


@pytest.mark.parametrize("written", ["66,1", "66.1", 123, -1])
def test_an_estimate_that_is_no_percentage_is_refused_with_its_cell(tmp_path, written):
    rows = [*city_rows("León", 70), *city_rows("Colima", 50)[:2], ["Inseguro", 3, 4, written]]

    with speaking("en"), pytest.raises(SourceError, match=rf"cell D6: “{written}” is not a perc"):
        clean_ensu_workbook(ensu(tmp_path, rows))


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"index": "Indice"}, "the index sheet names no table of perception by city"),
        ({"title": "Otra tabla. Septiembre 2024"}, "the index sheet names no table"),
        ({"title": TITLE.replace("Septiembre 2024", "2024")}, "does not end with a quarter"),
        ({"member": "2.1_conflictos.xlsx"}, "holds no workbook of perception"),
    ],
)
def test_a_workbook_of_another_layout_is_refused(tmp_path, options, fault):
    given = ensu(tmp_path, city_rows("León", 70), **options)

    with speaking("en"), pytest.raises(SourceError, match=fault):
        clean_ensu_workbook(given)


def test_a_workbook_without_cities_is_refused(tmp_path):
    with speaking("en"), pytest.raises(SourceError, match=r"ensu\.zip, sheet 1\.1: no city"):
        clean_ensu_workbook(ensu(tmp_path, [["Total"], ["Seguro", 1, 2, 3]]))


def test_a_zip_cut_short_or_without_a_workbook_is_refused(tmp_path):
    whole = ensu(tmp_path, city_rows("León", 70)).path.read_bytes()
    cut = intake(written(tmp_path, whole[: len(whole) // 2], "a.zip"), ENSU)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("1.1_percepcion.xlsx", "no soy un libro")

    for given in (cut, intake(tmp_path / "b.zip", ENSU)):
        with speaking("en"), pytest.raises(SourceError, match="is not a ZIP file with a workbook"):
            clean_ensu_workbook(given)


def test_a_workbook_that_expands_beyond_the_limit_is_not_read(tmp_path, monkeypatch):
    given = ensu(tmp_path, city_rows("León", 70))
    monkeypatch.setattr(files, "MAXIMUM_BYTES", 100)

    with speaking("en"), pytest.raises(SourceError, match="expands to more than 100 bytes"):
        clean_ensu_workbook(given)
