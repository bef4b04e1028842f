import pandas as pd
import pytest

from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.sources.incidence import MONTHS, clean_municipal_incidence, clean_state_victims
from labtools.tables.contracts import check_table
from tests.sources.supplied import intake, written

LEVELS = {"type": "Tipo", "subtype": "Subtipo", "mode": "Modalidad"}
MUNICIPAL = {"kind": "municipal_incidence", "columns": {"year": "Año", "area": "Cve", **LEVELS}}
STATE = {
    "kind": "state_victims",
    "columns": {"month": "mes", "area": "ent", "events": "n", **LEVELS},
}
HEADER = ",".join(["Año", "Cve", "Tipo", "Subtipo", "Modalidad", *MONTHS])
BLANKS = "," * 12


def municipal(folder, *rows, **options):
    path = written(folder, "\n".join([HEADER, *rows]) + "\n", "idm.csv")
    return clean_municipal_incidence(intake(path, MUNICIPAL, source="sesnsp", **options))


def victims(folder, *rows, **options):
    text = "\n".join(["mes,ent,Tipo,Subtipo,Modalidad,n", *rows]) + "\n"
    return clean_state_victims(intake(written(folder, text), STATE, source="sesnsp", **options))


def by_month(found, month):
    table = check_table("official_counts", found.tables["official_counts"])
    return table[table["month"] == month]["events"]


def test_a_blank_month_is_missing_and_a_zero_is_zero(tmp_path):
    found = municipal(tmp_path, "2024,22014,Robo,Robo,Con violencia,5,0" + "," * 10)

    assert by_month(found, "2024-01-01").tolist() == [5]
    assert by_month(found, "2024-02-01").tolist() == [0]
    assert by_month(found, "2024-03-01").isna().tolist() == [True]


def test_rows_of_one_subject_that_differ_in_what_is_not_asked_for_are_added_up(tmp_path):
    rows = ["2024-01,22,Robo, Robo  simple,Con,Hombre,5", "2024-01,22,Robo,Robo simple,Con,Mujer,7"]
    text = "\n".join(["mes,ent,Tipo,Subtipo,Modalidad,sexo,n", *rows]) + "\n"

    found = clean_state_victims(intake(written(tmp_path, text), STATE, source="sesnsp"))

    assert by_month(found, "2024-01-01").tolist() == [12]
    assert found.tables["official_counts"]["subject"].unique().tolist() == [
        "Robo | Robo simple | Con"
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f",22014,Robo,Robo,Con{BLANKS}", "year_not_valid"),
        (f"24,22014,Robo,Robo,Con{BLANKS}", "year_not_valid"),
        (f"2024,,Robo,Robo,Con{BLANKS}", "no_area"),
        (f"2024,22014,Robo,,Con{BLANKS}", "no_subject"),
        ("2024,22014,Robo", "no_subject"),
    ],
)
def test_a_row_that_does_not_say_what_it_counts_is_rejected(tmp_path, row, reason):
    found = municipal(tmp_path, f"2024,22014,Robo,Robo,Con{BLANKS}", row)

    assert (found.account.read, found.account.kept) == (2, 1)
    assert found.account.rejected == {reason: 1}


def test_a_year_with_letters_is_refused_with_its_row(tmp_path):
    with speaking("en"), pytest.raises(SourceError, match="“Año”: “2024p” in row 2"):
        municipal(tmp_path, f"2024p,22014,Robo,Robo,Con{BLANKS}")


def test_a_thousands_mark_is_refused_with_its_month(tmp_path):
    row = '2024,22014,Robo,Robo,Con,"1,204"' + "," * 11

    with speaking("en"), pytest.raises(SourceError, match=r"idm\.csv, column “Enero”: “1,204”"):
        municipal(tmp_path, row)


def test_a_file_without_a_month_is_refused(tmp_path):
    path = written(tmp_path, HEADER.replace(",Diciembre", "") + "\n", "idm.csv")

    with speaking("en"), pytest.raises(SourceError, match="no column “Diciembre”"):
        clean_municipal_incidence(intake(path, MUNICIPAL))


def test_other_areas_are_counted_apart(tmp_path):
    row = "{},{},Robo,Robo,Con,1"

    found = victims(
        tmp_path,
        row.format("2024-01-01", 22),
        row.format("2024-01-01", 9),
        row.format("2024-02", 22),
        where={"ent": "22"},
    )

    table = check_table("official_counts", found.tables["official_counts"])
    assert table["month"].tolist() == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01")]
    assert found.account.rejected == {"of_another_area": 1}


def test_victims_without_a_month_are_rejected(tmp_path):
    found = victims(tmp_path, "2024-01,22,Robo,Robo,Con,1", "enero,22,Robo,Robo,Con,1")

    assert found.account.rejected == {"month_not_valid": 1}


def test_an_area_that_is_not_there_is_refused(tmp_path):
    with speaking("en"), pytest.raises(SourceError, match="nothing that matches ent = 022"):
        victims(tmp_path, "2024-01,22,Robo,Robo,Con,1", where={"ent": "022"})
