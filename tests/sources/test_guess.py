"""Guesses against the headers that publishers really use, and against dates written by hand."""

import pandas as pd
import pytest

from labtools.errors import SourceError
from labtools.sources.guess import (
    guess_columns,
    guess_date_form,
    guess_form,
    span_of_days,
    without_metres,
)


def test_the_header_of_mexico_citys_prosecutor_is_understood():
    header = ["alcaldia_hecho", "colonia", "latitud", "longitud", "delito", "fecha_hecho"]

    assert guess_columns([*header, "hora_hecho"], "events") == {
        "date": "fecha_hecho",
        "hour": "hora_hecho",
        "subject": "delito",
        "lon": "longitud",
        "lat": "latitud",
        "place": "colonia",
        "borough": "alcaldia_hecho",
    }


def test_the_register_of_its_electoral_institute_is_understood():
    header = ["ENT", "CVEDT", "NOMDT", "DTTOLOC", "CVEUT", "NOMUT", "ID", "SUMPOB1"]

    found = guess_columns(header, "colonias")

    assert found["borough"] == "NOMDT"
    assert (found["name"], found["population"]) == ("NOMUT", "SUMPOB1")
    assert found["id"] in {"CVEUT", "ID"}


def test_accents_capitals_and_signs_do_not_matter_and_no_column_is_used_twice():
    found = guess_columns(["Fecha del Hecho", "DELITO:", "Colonia"], "events")

    assert found == {"date": "Fecha del Hecho", "subject": "DELITO:", "place": "Colonia"}


def test_a_column_that_looks_like_nothing_is_left_alone():
    assert guess_columns(["observaciones", "x1"], "events") == {}


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["2024-01-31", "2024-02-01 10:00:00"], "%Y-%m-%d"),
        (["31/01/2024", "01/02/2024"], "%d/%m/%Y"),
        (["01/02/2024", "02/03/2024"], "%d/%m/%Y"),  # could be either: the day comes first
        (["01/31/2024", "02/28/2024"], "%m/%d/%Y"),
        (["20240131", None], "%Y%m%d"),
        (["enero", "febrero"], ""),
        ([], ""),
    ],
)
def test_dates_are_read_in_the_form_that_reads_most_of_them(cells, form):
    assert guess_date_form(pd.Series(cells, dtype="object")) == form


def test_stray_days_of_long_ago_do_not_begin_the_period():
    whole = pd.Series(pd.date_range("2023-01-01", "2023-06-20"))
    stray = pd.Series(pd.to_datetime(["1998-05-01", "2022-12-31", "2023-07-01"]))

    assert span_of_days([whole, stray]) == (pd.Timestamp("2023-01-01"), pd.Timestamp("2023-06-20"))
    assert span_of_days([stray.head(0)]) is None


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_the_sign_between_columns_and_the_letters_are_found(tmp_path, delimiter, encoding):
    path = tmp_path / "hechos.csv"
    rows = [["fecha", "delito"], ["2024-01-01", "Daño"], ["2024-01-02", "Robo de día"]]
    path.write_bytes("".join(delimiter.join(row) + "\n" for row in rows).encode(encoding))

    form = guess_form(path, "events")

    assert (form.delimiter, form.encoding) == (delimiter, encoding)


def test_what_is_no_table_is_refused(tmp_path):
    path = tmp_path / "carta.csv"
    path.write_text("Estimado licenciado:\nAdjunto lo que pide.\n", encoding="utf-8")

    with pytest.raises(SourceError):
        guess_form(path, "events")


def test_the_headers_of_a_small_towns_call_log_and_register_are_understood():
    header = ["No. de reporte", "Fecha del hecho", "Tipo de incidente", "Latitud", "Longitud"]

    assert guess_columns(header, "events") == {
        "folio": "No. de reporte",
        "date": "Fecha del hecho",
        "subject": "Tipo de incidente",
        "lon": "Longitud",
        "lat": "Latitud",
    }
    assert guess_columns(["CVE", "COLONIA", "POB"], "colonias") == {
        "id": "CVE",
        "name": "COLONIA",
        "population": "POB",
    }


def test_small_words_in_the_middle_of_a_header_change_nothing():
    header = ["Fecha de los hechos", "Tipo de delito", "Colonia del hecho", "X", "Y"]

    assert guess_columns(header, "events") == {
        "date": "Fecha de los hechos",
        "subject": "Tipo de delito",
        "lon": "X",
        "lat": "Y",
        "place": "Colonia del hecho",
    }
    assert guess_columns(["Nombre de la colonia"], "colonias") == {"name": "Nombre de la colonia"}


def test_of_two_columns_of_one_kind_the_one_with_the_whole_name_wins():
    found = guess_columns(["fecha", "fecha_hecho", "colonia", "colonia_hecho"], "events")

    assert (found["date"], found["place"]) == ("fecha_hecho", "colonia")


@pytest.mark.parametrize(
    ("x", "kept"),
    [(["-99.2", "", "-99.3"], True), (["471 304", "470112.5", "471000"], False), (["", ""], True)],
)
def test_coordinates_in_metres_are_not_taken_for_degrees(x, kept):
    columns = {"lon": "X", "subject": "Delito"}

    found = without_metres(columns, pd.DataFrame({"X": x, "Delito": "ROBO"}))

    assert ("lon" in found) is kept
    assert found["subject"] == "Delito"
