"""A newcomer with another city's files: columns guessed, names told, rows accounted for."""

import json

import geopandas as gpd
import pandas as pd
import pytest
from click.testing import CliRunner

from labtools.cli.main import build
from labtools.errors import SettingsError
from labtools.paths import Workbench
from labtools.tables.account import read_accounts
from labtools.workflow.doctor import examine
from labtools.workflow.everything import run_everything
from labtools.workflow.new_source import propose_source
from labtools.workflow.steps import open_workbench

pytestmark = pytest.mark.slow
SOME = 40  # colonias of the new city
FICHAS = 2


@pytest.fixture(scope="module")
def another_city(supplied, tmp_path_factory):
    """Forty colonias and their incidents, as an office with other habits would hand them in."""
    folder = tmp_path_factory.mktemp("given")
    areas = gpd.read_file(supplied.root / "suppliers" / "colonias.geojson").iloc[:SOME]
    areas = areas.assign(Habitantes=[1_000 + n for n in range(len(areas))])
    areas = areas.rename(columns={"CVE_COL": "Clave colonia", "NOM_COLONIA": "Nombre"})
    areas[["Clave colonia", "Nombre", "Habitantes", "geometry"]].to_file(
        folder / "poligonos.geojson", driver="GeoJSON"
    )
    rows = pd.read_csv(supplied.root / "suppliers" / "carpetas_investigacion.csv", dtype=str)
    lon, lat = (pd.to_numeric(rows[name], errors="coerce") for name in ("longitud", "latitud"))
    west, south, east, north = areas.total_bounds
    rows = rows[lon.between(west, east) & lat.between(south, north)]
    day = pd.to_datetime(rows["fecha_hecho"].str[:10], errors="coerce")
    pd.DataFrame(
        {
            "No. carpeta": rows["folio"],
            "Fecha del hecho": day.dt.strftime("%d/%m/%Y"),
            "Delito": rows["delito"],
            "Longitud": rows["longitud"],
            "Latitud": rows["latitud"],
            "Colonia": rows["colonia"],
        }
    ).to_csv(folder / "incidentes.csv", sep=";", index=False, encoding="cp1252")
    return folder, len(rows)


def typed(*words):
    result = CliRunner().invoke(build(), [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def bench(another_city, tmp_path_factory):
    """Their workbench after three commands."""
    given, _ = another_city
    home = tmp_path_factory.mktemp("desk") / "ciudad"
    typed("init", "--bare", home)
    polygons, incidents = given / "poligonos.geojson", given / "incidentes.csv"
    typed("new", "source", "colonias", "--kind", "colonias", "--file", polygons, "-w", home)
    typed("new", "source", "incidentes", "--file", incidents, "-w", home)
    return Workbench(home)


def test_three_commands_leave_settings_that_the_doctor_finds_whole(bench):
    wrong = [str(check) for check in examine(bench) if not check.ok]

    assert len(wrong) == 2
    assert "write contact" in wrong[0]
    assert "no finished run yet" in wrong[1]


def test_columns_letters_dates_and_days_are_those_of_the_files(bench):
    opened = open_workbench(bench)
    (source,) = opened.settings.source
    said = opened.descriptor(source)

    assert dict(said.columns) == {
        "folio": "No. carpeta",
        "date": "Fecha del hecho",
        "subject": "Delito",
        "lon": "Longitud",
        "lat": "Latitud",
        "place": "Colonia",
    }
    assert (said.file.delimiter, said.file.encoding) == (";", "cp1252")
    assert (said.date_format, said.crosswalk) == ("%d/%m/%Y", "fgj")
    assert (source.first_day, source.cutoff) == ("2020-01-01", "2025-12-31")


@pytest.fixture(scope="module")
def run(bench, another_city):
    """Their first edition: the fichas of two colonias, after one line of settings."""
    polygons = gpd.read_file(another_city[0] / "poligonos.geojson")
    key = polygons["Clave colonia"].head(FICHAS).tolist()
    told = bench.settings_file.read_text(encoding="utf-8")
    listed = f'select = "listed"\ncolonias = {json.dumps(key)}'
    bench.settings_file.write_text(told.replace('select = "all"', listed), encoding="utf-8")
    return run_everything(open_workbench(bench))


def test_every_row_of_the_new_city_is_counted_or_accounted_for(run, bench, another_city):
    accounts = read_accounts(bench.accounts)

    cleaned = next(it for it in accounts if (it.step, it.source) == ("clean", "incidentes"))
    located = next(it for it in accounts if (it.step, it.source) == ("locate", "incidentes"))
    assert cleaned.read == another_city[1]
    assert all(it.read == it.kept + sum(it.rejected.values()) for it in accounts)
    assert located.kept > 0.5 * located.read
    panel = pd.read_parquet(bench.processed / "panel.parquet")
    assert panel["colonia_id"].nunique() == SOME
    assert (run / "manifest.json").is_file()


def test_each_colonia_asked_for_gets_its_ficha_and_its_page_with_its_name(run):
    site = run / "public" / "site"

    pages = sorted((site / "colonias").glob("*.html"))

    assert len(pages) == FICHAS
    assert all("Habitantes" not in page.read_text(encoding="utf-8") for page in pages)
    index = (site / "index.html").read_text(encoding="utf-8")
    assert all(f"colonias/{page.name}" in index for page in pages)


def test_nothing_that_exists_is_written_over(bench, another_city):
    before = bench.settings_file.read_bytes()

    for name, kind in (("incidentes", "events"), ("colonias", "events"), ("otra", "colonias")):
        with pytest.raises(SettingsError):
            propose_source(bench, name, another_city[0] / "incidentes.csv", kind)

    assert bench.settings_file.read_bytes() == before


def test_the_polygons_need_not_lie_in_the_workbench_and_are_not_moved(bench, another_city):
    told = json.loads((another_city[0] / "poligonos.geojson").read_text(encoding="utf-8"))

    assert len(told["features"]) == SOME
    assert not list((bench.root / "suppliers").iterdir())
