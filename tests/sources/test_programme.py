import pandas as pd
import pytest

from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.sources.programme import clean_actions, clean_programme
from labtools.tables.contracts import check_table
from tests.sources.supplied import intake, written

PROGRAMME = {
    "kind": "programme",
    "columns": {"colonia_id": "clave", "entered_on": "alta", "left_on": "baja", "stage": "etapa"},
}
ACTIONS = {
    "kind": "actions",
    "columns": {
        "colonia_id": "clave",
        "done_on": "fecha",
        "action_type": "tipo",
        "agency": "dep",
        "dose": "dosis",
        "unit": "unidad",
    },
}


def programme(folder, *rows, said=PROGRAMME):
    path = written(folder, "\n".join(["clave,alta,baja,etapa", *rows]) + "\n")
    return clean_programme(intake(path, said))


def actions(folder, *rows):
    path = written(folder, "\n".join(["clave,fecha,tipo,dep,dosis,unidad", *rows]) + "\n")
    return clean_actions(intake(path, ACTIONS))


def test_a_colonia_without_a_date_of_leaving_is_still_inside(tmp_path):
    found = programme(tmp_path, "22014_1,2024-01-15,,ampliación", "22014_2,2024-01-15,2024-06-30,")

    table = check_table("programme", found.tables["programme"])
    assert table["left_on"].isna().tolist() == [True, False]
    assert table["stage"].fillna("·").tolist() == ["ampliación", "·"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("22014_1,15/01/2024,,", "date_not_valid"),
        ("22014_1,2024-01-15,pronto,", "date_not_valid"),
        ("22014_1,2024-01-15,2023-12-31,", "left_before_entering"),
        (",2024-01-15,,", "no_key"),
        ("La Sierrita,2024-01-15,,", "no_key"),
        ("22014_1", "date_not_valid"),
    ],
)
def test_an_entry_that_cannot_be_trusted_is_rejected(tmp_path, row, reason):
    account = programme(tmp_path, "22014_2,2024-01-15,,", row).account

    assert (account.read, account.kept, dict(account.rejected)) == (2, 1, {reason: 1})


def test_a_list_that_nobody_leaves_needs_no_column_for_it(tmp_path):
    said = {**PROGRAMME, "columns": {"colonia_id": "clave", "entered_on": "alta"}}

    table = programme(tmp_path, "1,2024-01-15,2024-02-01,", said=said).tables["programme"]

    assert table[["left_on", "stage"]].isna().all(axis=None)


def test_an_action_without_colonia_is_the_whole_municipality_s(tmp_path):
    found = actions(tmp_path, "22014_1,2024-05-06,taller,DIF,2.5,horas", ",2024-05-07,feria,,,")

    table = check_table("actions", found.tables["actions"])
    assert table["colonia_id"].fillna("·").tolist() == ["22014_1", "·"]
    assert table["dose"].fillna(-1).tolist() == [2.5, -1]
    assert table["done_on"].max() == pd.Timestamp("2024-05-07")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,2025-01-01,taller,,,", "after_cutoff"),
        ("1,ayer,taller,,,", "date_not_valid"),
        ("1,2024-05-06, ,,,", "no_action_type"),
        ("Las Peñas,2024-05-06,taller,,,", "key_not_valid"),
    ],
)
def test_an_action_that_cannot_be_placed_in_time_or_ground_is_rejected(tmp_path, row, reason):
    account = actions(tmp_path, "1,2024-12-31,taller,,,", row).account

    assert (account.read, account.kept, dict(account.rejected)) == (2, 1, {reason: 1})


def test_a_dose_with_a_thousands_mark_is_refused(tmp_path):
    with speaking("en"), pytest.raises(SourceError, match="“dosis”: “1,500” in row 2"):
        actions(tmp_path, '1,2024-05-06,taller,DIF,"1,500",personas')


def test_what_an_action_cost_is_kept_where_the_log_says_it(tmp_path):
    rows = "1,2024-05-06,taller,1420.50\n1,2024-05-07,feria,\n"
    path = written(tmp_path, "clave,fecha,tipo,costo\n" + rows)
    columns = {"colonia_id": "clave", "done_on": "fecha", "action_type": "tipo", "cost": "costo"}

    found = clean_actions(intake(path, {"kind": "actions", "columns": columns}))

    table = check_table("actions", found.tables["actions"])
    assert table["cost"].fillna(-1).tolist() == [1420.5, -1]


def test_a_cost_below_nothing_is_refused(tmp_path):
    path = written(tmp_path, "clave,fecha,tipo,costo\n1,2024-05-06,taller,-5\n")
    columns = {"colonia_id": "clave", "done_on": "fecha", "action_type": "tipo", "cost": "costo"}

    with speaking("en"), pytest.raises(SourceError, match="“costo”: -5 in row 2 is less than"):
        clean_actions(intake(path, {"kind": "actions", "columns": columns}))
