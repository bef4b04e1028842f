"""More of what publishers' files hold: what lies beside, over and outside the colonias."""

from __future__ import annotations

import pandas as pd
import pytest
import shapely

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.messages import speaking
from labtools.sources.areas import read_areas
from labtools.sources.files import read_cells
from labtools.tables.periods import Window
from labtools.workflow.national_surveys import estimate_change_table
from tests.real_data.test_figures import CENSUS, cleaned
from tests.sources.supplied import clean, intake

pytestmark = [pytest.mark.real_data, pytest.mark.slow, pytest.mark.xdist_group("figures")]

METRES = "EPSG:6372"
GEO = FileFormat(format="geo")
ENSU = {
    "kind": "city_perception",
    "columns": {
        "quarter": "quarter",
        "city": "city",
        "indicator": "answer",
        "percent": "percent",
        "cv": "cv",
    },
}


@pytest.fixture(scope="module")
def colonias(real_data):
    areas = read_areas(real_data / "queretaro" / "colonias_imc2020.geojson", GEO)
    return areas[areas["CVE_COL"].str.startswith("22014_")]


def test_the_people_of_the_state_are_told_beside_those_of_its_census_areas(real_data):
    path = real_data / "queretaro" / "RESAGEBURB_22CSV20.csv.bz2"

    found = cleaned(path, "census_inegi_2020", columns=CENSUS, tokens={"NA": "confidential"})

    assert [finding.facts["everybody"] for finding in found.findings] == ["2,368,467"]


def test_the_colonias_of_the_municipality_by_grade_of_marginality(colonias):
    assert colonias["GM_2020"].value_counts().to_dict() == {
        "Muy bajo": 865,
        "Bajo": 314,
        "Medio": 173,
        "Alto": 31,
        "Muy alto": 17,
    }


def test_two_colonias_have_the_grade_and_people_that_conapo_says(colonias):
    told = colonias.set_index("CVE_COL")

    assert told.loc["22014_0586", ["NOM_COLONIA", "POB_TOT"]].tolist() == ["La Sierrita", 602]
    assert told.loc["22014_1135", ["NOM_COLONIA", "POB_TOT", "GM_2020"]].tolist() == [
        "San Miguelito",
        3_124,
        "Muy alto",
    ]


def test_73_colonias_bear_the_name_of_another(colonias):
    assert int(colonias["NOM_COLONIA"].duplicated().sum()) == 73


def test_polygons_of_colonias_lie_over_each_other_on_016_percent_of_their_ground(colonias):
    shapes = colonias.to_crs(METRES).geometry.make_valid()
    ground = shapely.area(shapely.union_all(shapes.to_numpy()))

    assert round(100 * (shapes.area.sum() / ground - 1), 2) == 0.16


def test_colonias_cover_968_percent_of_the_census_areas(colonias, real_data):
    areas = read_areas(real_data / "queretaro" / "ageb_22.geojson", GEO)
    mine = areas[areas["cve_agem"] == "014"].to_crs(METRES).geometry.make_valid()
    ground = shapely.union_all(colonias.to_crs(METRES).geometry.make_valid().to_numpy())

    covered = shapely.area(shapely.intersection(mine.to_numpy(), ground)).sum()

    assert round(100 * covered / mine.area.sum(), 1) == 96.8


@pytest.mark.parametrize(
    ("file", "key", "name", "features", "repaired"),
    [
        ("codigos_postales_22.geojson", "d_codigo", "d_codigo", 518, {"polygon_repaired": 3}),
        ("municipios_22.geojson", "cve_geo", "nombre_municipio", 18, {}),
    ],
)
def test_postal_codes_and_municipalities_are_read_as_areas(
    real_data, file, key, name, features, repaired
):
    said = {"kind": "colonias", "file": {"format": "geo"}, "columns": {"id": key, "name": name}}

    found = clean(intake(real_data / "queretaro" / file, said))

    assert (found.account.read, found.account.kept) == (features, features)
    assert dict(found.account.changed) == repaired


def test_all_74226_colonias_of_the_country_are_read_and_14_have_no_attributes(real_data):
    country = read_areas(real_data / "mexico" / "DERIVED_colonias_mx_IMC2020.parquet", GEO)

    assert len(country) == 74_226
    assert country["NOM_COLONIA"].isna().sum() == 14


def test_the_4428_published_figures_by_city_and_quarter_are_read_and_accounted_for(real_data):
    path = real_data / "ensu" / "DERIVED_ENSU_published_city_quarter.csv"
    cells = read_cells(path, FileFormat())
    said = {**ENSU, "tokens": {"FFFFEA00": "cv_15_to_30", "FFFF5400": "cv_30_or_more"}}
    said["columns"] = {**ENSU["columns"], "cv": "fill"}

    found = clean(
        intake(path, said, where={"group": "T", "city": "Querétaro"}, cutoff="2025-12-31")
    )

    table = found.tables["city_perception"]
    insecure = table[table["indicator"] == "Inseguro"].set_index("quarter")["share"] * 100
    assert len(cells) == found.account.read == 4_428
    assert insecure.loc["2019"].round(2).tolist() == [57.10, 58.57, 64.12, 59.57]
    assert insecure.loc["2020"].round(2).tolist() == [59.19, 46.27, 48.32]
    assert insecure.loc["2021"].round(2).tolist() == [40.49, 46.06, 44.80, 39.71]
    assert insecure.loc["2024"].round(2).tolist() == [37.57, 42.19, 38.27, 66.13]
    assert insecure.loc["2025"].round(2).tolist() == [39.75, 46.17]


def test_the_colour_of_a_cell_in_inegi_s_workbooks_is_its_class_of_precision(real_data):
    folder = real_data / "ensu"
    path = folder / "DERIVED_ENSU_published_city_quarter.csv"
    told = read_cells(path, FileFormat()).query("group == 'T' and answer == 'Inseguro'")
    classes = {"00000000": 0.15, "FFFFEA00": 0.30, "FFFF5400": None}
    compared = 0
    for book in sorted((folder / "estimaciones").glob("*.zip")):
        mine = told[told["zip"] == book.name].drop_duplicates("city").set_index("city")

        cities = cleaned(book, "ensu_inegi_workbook")

        found = cities.tables["city_perception"].set_index("city")
        both = found.index.intersection(mine.index)
        assert dict(cities.account.rejected) == {"row_repeated": 1}  # La Laguna, in two states
        assert len(both) == len(found) == len(mine)
        said = mine.loc[both, "fill"].map(classes).astype(float)
        shares = pd.to_numeric(mine.loc[both, "percent"])
        pd.testing.assert_series_equal(found.loc[both, "cv"], said, check_names=False)
        pd.testing.assert_series_equal(100 * found.loc[both, "share"], shares, check_names=False)
        compared += len(both)
    assert compared > 6 * 50


def test_households_that_moved_for_fear_are_read_with_their_errors_in_fourteen_editions(real_data):
    """The national figures stand in another workbook of the carrier, read apart."""
    path = real_data / "envipe" / "MC_ENVIPE_2011_-_2024.xlsx"

    found = cleaned(path, "envipe_estimates")

    table = found.tables["survey_estimates"]
    states = table[table["domain"] == "Nombre de la entidad"]
    totals = states[(states["unit"] == "Total de hogares") & (states["category"] == "Total")]
    known = read_cells(
        real_data / "envipe" / "ENVIPE_por_región.xlsx",
        FileFormat(format="xlsx", sheet="Integrantes"),
    )
    told = {int(row.iloc[0]) + 1: int(row.iloc[1]) for _, row in known.iterrows() if row.iloc[0]}
    mine = totals.set_index("edition")["estimate"].to_dict()
    assert list(mine) == list(range(2011, 2025))
    assert mine == {edition: told[edition] for edition in mine}
    assert (states.groupby(["edition", "unit"]).size() == 33).all()
    # One coefficient of the edition of 2022 was written as a share of one.
    assert [finding.facts["place"] for finding in found.findings] == ["2022!11"]


def test_households_of_the_state_that_moved_for_fear_are_compared_with_the_edition_before(
    real_data,
):
    told = cleaned(real_data / "envipe" / "MC_ENVIPE_2011_-_2024.xlsx", "envipe_estimates")
    window = Window(*(pd.Timestamp(f"{year}-01-01") for year in (2023, 2024, 2025)))

    found = estimate_change_table(told.tables["survey_estimates"], window)

    assert set(found["edition"]) == {2024}
    country = found.set_index(["domain", "category", "unit"]).loc[("", "1 Sí", "Total de hogares")]
    # The carrier's own table: 320,726 after 219,083, an increase of 46.4 %.
    assert country["now"] / country["before"] - 1 == pytest.approx(0.4639, abs=1e-4)
    assert country["verdict"] == "increase"
    states = found[
        (found["domain"] == "Nombre de la entidad") & (found["unit"] == "Total de hogares")
    ]
    assert len(states) == 33
    assert (states["verdict"] == "none").mean() > 0.5


def test_inegi_s_tables_of_victimisation_with_merged_headers_are_refused_with_the_cells(real_data):
    form = FileFormat(format="xlsx", sheet="2011", header_row=3)

    with speaking("en"), pytest.raises(SourceError, match=r"B5:H5 are merged"):
        read_cells(real_data / "envipe" / "MC_ENVIPE_2011_-_2024.xlsx", form)


def test_households_that_moved_for_fear_are_read_beside_their_people(real_data):
    form = FileFormat(format="xlsx", sheet="Integrantes")

    cells = read_cells(real_data / "envipe" / "ENVIPE_por_región.xlsx", form)

    assert cells[cells.iloc[:, 0] == "2010"].iloc[0].tolist()[1:] == ["396394", "1464562"]


def test_a_table_of_households_beside_one_of_people_is_not_taken_for_the_whole(real_data):
    form = FileFormat(format="xlsx", sheet="Hogar")

    with speaking("en"), pytest.raises(SourceError, match=r"“Hogar” and “Personas” have the same"):
        read_cells(real_data / "envipe" / "ENVIPE_2011_-_2024.xlsx", form)


def test_the_projections_of_the_municipality_are_read_in_order(real_data):
    path = real_data / "population" / "conapo_proyecciones_mun_2015-2030.csv"

    cells = read_cells(path, FileFormat(encoding="latin-1"))

    mine = cells[cells["cve_mun"] == "22014"].set_index("date_year")
    people = mine[["hombres", "mujeres", "total"]].astype(int)
    assert len(mine) == 16
    assert (people["hombres"] + people["mujeres"] == people["total"]).all()
