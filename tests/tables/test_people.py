"""Contracts refuse columns of persons, homes and plates, and texts that name somebody."""

import pandas as pd
import pytest

from labtools.errors import TableError
from labtools.messages import speaking
from labtools.tables.contracts import CONTRACTS, check_table, empty_table
from labtools.tables.people import is_of_people, refuse_columns_of_people


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


@pytest.mark.parametrize(
    "column",
    ["victim_age", "suspect", "witness_name", "curp", "home_address", "plate", "phone", "email"],
)
def test_a_contract_with_a_column_of_persons_homes_or_plates_is_refused(column):
    with pytest.raises(TableError, match=f"column {column}"):
        refuse_columns_of_people("mine", ["colonia_id", column])


def test_no_table_of_the_workbench_has_one():
    for name, contract in CONTRACTS.items():
        refuse_columns_of_people(name, contract.columns)


@pytest.mark.parametrize(
    "column",
    [
        *("NOMBRE_VICTIMA", "nombre", "Apellido Paterno", "curp", "CALLE", "Domicilio", "placas"),
        *("Teléfono", "num_ext", "correo", "imputado", "Dirección"),
    ],
)
def test_a_suppliers_column_of_persons_is_known_by_its_name(column):
    assert is_of_people(column)


@pytest.mark.parametrize(
    "column",
    [
        *("delito", "colonia", "NOM_COLONIA", "nombre_colonia", "calidad_juridica_victima"),
        *("fecha_hecho", "Delegación", "alcaldia_hecho", "folio", "narrativa", "EST_DIS", "TIPO"),
    ],
)
def test_a_suppliers_column_of_places_or_facts_is_not(column):
    assert not is_of_people(column)


@pytest.mark.parametrize("column", ["subject", "place", "borough"])
@pytest.mark.parametrize(
    "text",
    [
        "PELJ850312HQTRMN09",
        "tel. 442 123 4567",
        "x@y.mx",
        "robo de placas UXZ-987-K",
        "GODE561231GR8",
    ],
)
def test_a_text_of_an_event_that_points_to_somebody_breaks_the_contract(column, text):
    row = dict.fromkeys(CONTRACTS["events"].columns)
    row |= {"event_id": "a", "source": "x", "record_type": "case_file", "occurred_on": "2025-01-01"}
    event = pd.DataFrame([row]).astype(empty_table("events").dtypes.to_dict())

    assert len(check_table("events", event.assign(**{column: "robo"}))) == 1
    with pytest.raises(TableError, match=f"column {column}"):
        check_table("events", event.assign(**{column: text}))
