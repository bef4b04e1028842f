import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from labtools.demo.intensity import MONTHS
from labtools.demo.kinds import kinds
from labtools.demo.names import UNKNOWN_PLACES
from labtools.demo.narratives import PERSONAL_SHARE, narratives
from labtools.demo.origins import ELSEWHERE, IN_PROGRAMME, UNTOLD_SHARE, found_share


@pytest.fixture(scope="module")
def case_files(folder):
    return pd.read_csv(
        folder / "carpetas_investigacion.csv", dtype=str, keep_default_na=False, encoding="utf-8"
    )


@pytest.fixture(scope="module")
def offences(folder):
    book = CalamineWorkbook.from_path(folder / "faltas_administrativas.xlsx")
    return book.get_sheet_by_index(0).to_python()


@pytest.fixture(scope="module")
def calls(folder):
    path = folder / "llamadas_911.csv"
    return pd.read_csv(path, sep=";", dtype=str, encoding="latin-1", keep_default_na=False)


@pytest.fixture(scope="module")
def reports(folder):
    path = folder / "reportes_070.csv"
    return pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)


def assert_share(found, declared):
    """Within four standard errors of the share declared."""
    error = np.sqrt(declared * (1 - declared) / len(found))
    assert np.mean(found) == pytest.approx(declared, abs=4 * error)


def in_city(table):
    west, south, east, north = -100.49, 20.52, -100.29, 20.66
    longitude = pd.to_numeric(table["longitud"], errors="coerce")
    latitude = pd.to_numeric(table["latitud"], errors="coerce")
    return longitude.between(west, east) & latitude.between(south, north)


def test_case_files_have_the_columns_of_the_supplier(case_files):
    assert list(case_files.columns) == [
        *("folio", "delegacion_hecho", "colonia", "latitud", "longitud", "delito"),
        *("fecha_hecho", "hora_hecho", "fecha_inicio", "narrativa", "origen"),
    ]


def test_patrols_discover_drugs_alone_and_more_of_them_in_the_programme(case_files, city):
    once = case_files.drop_duplicates("folio")
    of_drugs = once["delito"].str.startswith("NARCOMENUDEO")
    found = once["origen"] == "Flagrancia"
    share, events = found_share(city), city.case_files
    month = MONTHS.searchsorted(events["at"], side="right") - 1
    inside = pd.Series(share[events["colonia"], month] == IN_PROGRAMME, events["folio"])
    inside = once["folio"].map(inside)

    assert not found[~of_drugs].any()
    told = once["origen"] != ""
    assert_share(~told, UNTOLD_SHARE)
    assert_share(found[of_drugs & told & inside], IN_PROGRAMME)
    assert_share(found[of_drugs & told & ~inside], ELSEWHERE)


def test_some_case_files_have_coordinates_zero_and_some_none(case_files):
    zero = (case_files["latitud"] == "0") & (case_files["longitud"] == "0")
    empty = (case_files["latitud"] == "") & (case_files["longitud"] == "")

    assert_share(zero, 0.003)
    assert_share(empty, 0.003)
    assert (case_files.loc[empty, "colonia"] != "").all()


def test_one_in_a_hundred_case_files_lies_on_the_prosecutors_office(case_files, city):
    longitude, latitude = (f"{degree:.6f}" for degree in city.office)

    pile = (case_files["longitud"] == longitude) & (case_files["latitud"] == latitude)

    assert_share(pile, 0.010)
    assert case_files.loc[pile, "colonia"].nunique() > 100


def test_no_other_point_gathers_as_many(case_files):
    points = case_files.groupby(["latitud", "longitud"]).size().nlargest(4)

    assert points.iloc[3] < 20


def test_a_few_case_files_lie_outside_the_municipality(case_files, folder):
    agebs = gpd.read_file(folder / "ageb.geojson").union_all()
    placed = case_files[in_city(case_files) | (case_files["latitud"].str.len() > 1)]
    points = gpd.points_from_xy(placed["longitud"].astype(float), placed["latitud"].astype(float))

    outside = ~points.within(agebs)

    assert_share(outside, 0.002 / 0.994)


def test_a_few_folios_are_repeated_with_the_whole_row(case_files):
    repeated = case_files[case_files["folio"].duplicated()]

    assert len(repeated) == round(0.003 * case_files["folio"].nunique())
    assert case_files.duplicated().sum() == len(repeated)


def test_dates_have_10_or_19_characters_and_agree_with_the_hour(case_files):
    width = case_files["fecha_hecho"].str.len()
    long = case_files[width == 19]

    assert set(width) == {10, 19}
    assert_share(width == 19, 0.30)
    assert (long["fecha_hecho"].str[11:] == long["hora_hecho"].str[:8]).all()


def test_hours_have_8_or_11_characters_and_about_8_in_100_say_noon(case_files):
    hour = case_files["hora_hecho"]

    assert hour.str.fullmatch(r"\d\d:\d\d:\d\d(:00)?").all()
    assert_share(hour.str.len() == 11, 0.10)
    assert hour.str.startswith("12:00:00").mean() == pytest.approx(0.08, abs=0.01)


def test_no_case_file_is_opened_before_the_crime_or_after_the_cut(case_files):
    happened = case_files["fecha_hecho"].str[:10]

    assert (case_files["fecha_inicio"] >= happened).all()
    assert case_files["fecha_inicio"].max() <= "2025-12-31"
    assert happened.min() >= "2020-01-01"


def test_crimes_are_of_the_catalogue_and_the_old_system_cut_them_at_60(case_files):
    names = {kind.name for kind in kinds()}
    unknown = case_files[~case_files["delito"].isin(names)]

    assert len(names) >= 40
    assert len(unknown) > 100
    assert (unknown["delito"].str.len() == 60).all()
    assert (unknown["fecha_inicio"] < "2021-03-01").all()
    assert {name[:60] for name in names} >= set(unknown["delito"])


def test_well_placed_case_files_lie_in_their_true_colonia(case_files, folder):
    colonias = gpd.read_file(folder / "colonias.geojson").set_index("CVE_COL")
    truth = pd.read_parquet(folder / "truth" / "locations.parquet")
    home = truth[truth["source"] == "case_files"].set_index("folio")["colonia_id"]
    rows = case_files[in_city(case_files)].sample(5_000, random_state=1)

    points = gpd.GeoSeries.from_xy(rows["longitud"].astype(float), rows["latitud"].astype(float))
    shapes = colonias.geometry.loc[home[rows["folio"]]]
    inside = points.within(shapes.set_axis(points.index).set_crs(None, allow_override=True))

    # One in a hundred waits on the office's point.
    assert inside.mean() > 0.98


def test_narratives_tell_of_their_crime_and_some_name_people(case_files):
    robbery = case_files[case_files["delito"] == "ROBO A NEGOCIO CON VIOLENCIA"]

    assert robbery["narrativa"].str.contains("negocio|tienda").all()
    assert not case_files["narrativa"].str.contains("[{}]").any()
    told = case_files["narrativa"].str.contains(
        r"999.? ?000|número \d|@correo\.example|placas ZZZ", regex=True
    )
    assert_share(told, PERSONAL_SHARE)


def test_every_kind_of_crime_has_something_to_tell():
    every = np.arange(len(kinds()))

    told = narratives(every, np.random.default_rng(0))

    assert min(map(len, told)) > 20


def test_calls_are_latin_1_with_day_first_and_semicolons(calls, folder):
    with pytest.raises(UnicodeDecodeError):
        (folder / "llamadas_911.csv").read_bytes().decode("utf-8")

    dates = pd.to_datetime(calls["FECHA"], format="%d/%m/%Y")

    assert ";".join(calls.columns) == "FOLIO;FECHA;HORA;TIPO;SUBTIPO;LATITUD;LONGITUD;COLONIA"
    assert len(calls) <= 90_000
    assert dates.min() >= pd.Timestamp("2020-01-01")
    assert calls["SUBTIPO"].str.contains("Riña").any()
    assert_share(calls["LATITUD"] == "", 0.05)


def test_the_workbook_has_two_title_rows_then_a_header_then_true_dates(offences):
    header = ["FECHA", "HORA", "FALTA", "COLONIA", "DELEGACION", "SEXO", "EDAD"]

    assert offences[0][1:] == [""] * 6
    assert offences[2] == header
    assert all(type(row[0]) is dt.date for row in offences[3:])
    assert len(offences) == pytest.approx(12_000, rel=0.05)


def test_names_in_the_workbook_are_messy_and_some_are_of_no_colonia(offences, city):
    written = pd.Series([row[3] for row in offences[3:]])
    register = set(city.people.colonias["name"])

    assert_share(written.isin(UNKNOWN_PLACES), 0.02)
    assert (~written.isin(register)).mean() > 0.85
    assert written.str.contains(r"^(?:FRACC\.|COL\. | )").any()


def test_reports_are_of_lamps_lots_graffiti_and_rubbish(reports):
    subjects = {"Luminaria apagada", "Lote baldío", "Grafiti", "Basura acumulada"}

    assert list(reports.columns)[:5] == ["Folio", "Fecha", "Asunto", "Colonia", "Delegación"]
    assert subjects < set(reports["Asunto"])
    assert len(reports) == pytest.approx(25_000, rel=0.05)
    assert_share(reports["Latitud"] == "", 0.06)


def test_dark_colonias_report_more_lamps(reports, folder, city):
    truth = pd.read_parquet(folder / "truth" / "locations.parquet").set_index("folio")["colonia_id"]
    lamps = (reports["Asunto"] == "Luminaria apagada").groupby(truth[reports["Folio"]].to_numpy())
    share = lamps.mean()[lamps.size() >= 40]
    darkness = city.people.colonias.set_index("colonia_id")["darkness"][share.index]

    assert np.corrcoef(share, darkness)[0, 1] > 0.5
