"""A newcomer with another city's files: columns guessed, names told, rows accounted for."""

import json
import re
import shutil
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
from click.testing import CliRunner

from labtools import paths
from labtools.cli.main import build
from labtools.errors import SettingsError
from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.sources.descriptor import read_descriptor
from labtools.tables.account import read_accounts
from labtools.workflow import verify as verifying
from labtools.workflow.doctor import examine
from labtools.workflow.everything import run_everything
from labtools.workflow.new_source import propose_source
from labtools.workflow.prepared import window_of
from labtools.workflow.steps import open_workbench
from labtools.workflow.verify import verify

OURS = paths.bundled("data", "sources", "lab_survey_demo.toml")
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


def test_the_doctor_asks_for_what_three_commands_cannot_know_and_for_nothing_else(bench):
    wrong = [str(check) for check in examine(bench) if not check.ok]

    assert len(wrong) == 5
    assert "write contact" in wrong[0]
    assert "municipality_id" in wrong[1]
    assert "source colonias: public pages say that publisher and licence" in wrong[2]
    assert "descriptor incidentes.toml" in wrong[3]
    assert "no finished run yet" in wrong[4]


@pytest.mark.parametrize("line", ['municipality = "—"', 'municipality_id = "00000"'])
def test_nothing_is_run_before_the_municipality_has_its_name_and_its_key(bench, line):
    opened = open_workbench(bench)
    lab = opened.settings.lab.model_copy(
        update={"municipality": "Otra", "municipality_id": "22014"}
    )
    name, _, written = line.partition(" = ")
    lab = lab.model_copy(update={name: json.loads(written)})
    unnamed = replace(opened, settings=opened.settings.model_copy(update={"lab": lab}))

    with pytest.raises(SettingsError, match="of which municipality the pages are"):
        run_everything(unnamed)

    assert not list(bench.raw.iterdir())


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
def named(bench, tmp_path_factory):
    """A copy of it, on which they go on: the tests of the three commands find theirs as it was."""
    home = tmp_path_factory.mktemp("named") / "ciudad"
    shutil.copytree(bench.root, home)
    return Workbench(home)


@pytest.fixture(scope="module")
def run(named, another_city):
    """Their first edition: the fichas of two colonias, after three lines of settings."""
    polygons = gpd.read_file(another_city[0] / "poligonos.geojson")
    key = polygons["Clave colonia"].head(FICHAS).tolist()
    told = named.settings_file.read_text(encoding="utf-8")
    listed = f'select = "listed"\ncolonias = {json.dumps(key)}'
    told = told.replace('select = "all"', listed).replace('"—" ', '"Otra Ciudad" ')
    named.settings_file.write_text(told.replace('"00000"', '"22014"'), encoding="utf-8")
    said = []
    folder = run_everything(open_workbench(named, said.append))
    (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


def test_every_row_of_the_new_city_is_counted_or_accounted_for(run, named, another_city):
    accounts = read_accounts(named.accounts)

    cleaned = next(it for it in accounts if (it.step, it.source) == ("clean", "incidentes"))
    located = next(it for it in accounts if (it.step, it.source) == ("locate", "incidentes"))
    assert cleaned.read == another_city[1]
    assert all(it.read == it.kept + sum(it.rejected.values()) for it in accounts)
    assert located.kept > 0.5 * located.read
    panel = pd.read_parquet(named.processed / "panel.parquet")
    assert panel["colonia_id"].nunique() == SOME
    assert (run / "manifest.json").is_file()


def test_each_colonia_asked_for_gets_its_ficha_and_its_page_with_its_name(run):
    site = run / "public" / "site"

    pages = sorted((site / "colonias").glob("*.html"))

    assert len(pages) == FICHAS
    assert all("Habitantes" not in page.read_text(encoding="utf-8") for page in pages)
    index = (site / "index.html").read_text(encoding="utf-8")
    assert all(f"colonias/{page.name}" in index for page in pages)


def test_a_source_that_nobody_declared_is_told_at_the_console_and_no_dash_on_the_pages(run):
    said = json.loads((run / "said.json").read_text(encoding="utf-8"))
    site = run / "public" / "site"

    told = [line for line in said if "no está declarado" in line]

    assert [line.split(":")[1].strip() for line in told] == ["fuente colonias", "fuente incidentes"]
    page = next((site / "en" / "colonias").glob("*.html")).read_text(encoding="utf-8")
    sources = page.split('id="sources"')[1]
    assert "not declared" in sources
    assert "—" not in sources.split("</section>")[0]


def test_a_ficha_of_theirs_is_proven_byte_by_byte(run, named):
    colonia = json.loads(next((run / "public" / "fichas").glob("*.json")).read_text())["colonia_id"]

    # Both editions' notebook, and the ficha that each saved.
    assert verify(open_workbench(named), colonia=colonia) == 4


@pytest.mark.usefixtures("run")
def test_a_ficha_that_there_is_not_is_refused_before_anything_is_made_again(named, monkeypatch):
    monkeypatch.setattr(verifying, "_scratch", pytest.fail)

    with pytest.raises(SettingsError, match=r"has no ficha of 00_0\. The first it has is \d"):
        verify(open_workbench(named), colonia="00_0")


@pytest.mark.usefixtures("run")
def test_every_dashboard_opens_on_their_edition_and_leaves_no_word_of_code(named):
    pytest.importorskip("ipyleaflet")
    from labtools.dashboards import page  # noqa: PLC0415 - its widgets need not be installed

    pages = [name for name in vars(page) if name.startswith("open_") and name != "open_released"]
    with speaking("es_MX"):
        shown = {name: told_by(getattr(page, name)(str(named.root))) for name in pages}

    assert len(shown) == 6
    assert min(map(len, shown.values())) > 0
    assert [name for name, told in shown.items() if re.search(r"\b(nan|None|NaT)\b", told)] == []


def told_by(widget):
    """Return the words of a page: its boxes, and what stands in their choices."""
    inside = " ".join(map(told_by, getattr(widget, "children", ())))
    value, options = getattr(widget, "value", ""), getattr(widget, "options", ())
    return " ".join([inside, re.sub(r"<[^>]*>", " ", str(value or "")), str(options)])


def test_a_city_without_boroughs_has_no_heading_for_them(run):
    index = (run / "public" / "site" / "index.html").read_text(encoding="utf-8")

    assert "delegación" not in index.split("<main")[1].split("</main>")[0]
    assert "<h3" not in index


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


def test_the_demos_survey_is_understood_without_its_descriptor(bench, supplied, copy_of):
    bench = copy_of(bench)
    file = supplied.root / "suppliers" / "encuesta_percepcion.csv"

    propose_source(bench, "sondeo", file, "survey")

    opened = open_workbench(bench)
    (source,) = [it for it in opened.settings.source if it.name == "sondeo"]
    guessed, ours = opened.descriptor(source), read_descriptor(OURS)
    assert dict(guessed.columns) == dict(ours.columns)
    asked = {it.indicator: (it.column, it.yes, it.no) for it in ours.question}
    assert {it.indicator: (it.column, it.yes, it.no) for it in guessed.question} == asked
    assert source.cutoff == "2025-11-30"


@pytest.mark.parametrize(
    ("survey", "city", "end"),
    [
        (["2024-05-01", "2025-11-01"], [], "2026-01-01"),
        ([], ["2025-07-01"], "2025-10-01"),
        (["2025-11-01"], ["2026-01-01"], "2026-04-01"),
    ],
)
def test_without_incidents_the_period_ends_with_the_quarter_of_what_was_asked_last(
    survey, city, end
):
    days = {"survey": ("wave", survey), "city_perception": ("quarter", city)}
    tables = {n: pd.DataFrame({c: pd.to_datetime(d)}) for n, (c, d) in days.items()}
    tables["actions"] = pd.DataFrame({"done_on": pd.to_datetime([])})
    tables["panel"] = pd.DataFrame({"record_type": [], "month": []})

    assert window_of(None, tables, "").end == pd.Timestamp(end)
