"""A newcomer's path: a city that the workbench never saw, from its files to a ficha in JupyterLab.

The city is a borough of Mexico City with its real case files of two years, written as an office
with other habits would hand them in: columns of their own names, days first, every tenth row
without its point.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from click.testing import CliRunner

from labtools.cli.main import build
from labtools.messages import speaking
from labtools.paths import Workbench, bundled
from labtools.tables.account import read_accounts
from labtools.tables.store import read_table
from labtools.workflow.aliases import decide_names, pending_names
from labtools.workflow.steps import open_workbench

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

BOROUGH, ROWS, COLONIAS = "CUAJIMALPA DE MORELOS", 8_139, 43
FICHAS = ["04-001", "04-006"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 120_000  # milliseconds


@pytest.fixture(scope="module")
def given(real_data, tmp_path_factory) -> Path:
    """What the office hands in: polygons with keys of its own, and a list of facts."""
    folder = tmp_path_factory.mktemp("office")
    areas = gpd.read_file(real_data / "cdmx" / "colonias_iecm.gpkg", where=f"NOMDT = '{BOROUGH}'")
    names = {"CVEUT": "Clave", "NOMUT": "Nombre de la colonia", "SUMPOB1": "Habitantes"}
    areas = areas.rename(columns=names)[[*names.values(), "geometry"]]
    areas.to_file(folder / "poligonos.geojson", driver="GeoJSON")
    rows = pd.read_csv(real_data / "cdmx" / "carpetas_fgj_2019_2023.csv.gz", dtype=str)
    here = rows["alcaldia_hecho"].str.startswith("CUAJIMALPA")
    rows = rows[here & (rows["fecha_hecho"] > "2022")]
    told = pd.DataFrame(
        {
            "Expediente": [f"CI-{n:06d}" for n in range(len(rows))],
            "Fecha de los hechos": pd.to_datetime(rows["fecha_hecho"].str[:10]),
            "Hora": rows["hora_hecho"].str[:5],
            "Tipo de delito": rows["delito"],
            "Colonia del hecho": rows["colonia"],
            "X": rows["longitud"],
            "Y": rows["latitud"],
        }
    )
    told.loc[told.index[::10], ["X", "Y"]] = None
    office = {"sep": ";", "index": False, "encoding": "cp1252", "date_format": "%d/%m/%Y"}
    told.to_csv(folder / "incidentes.csv", **office)
    return folder


def typed(*words: object) -> str:
    with speaking("es_MX"):
        result = CliRunner().invoke(build(), [str(it) for it in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def bench(given, tmp_path_factory) -> Workbench:
    """Their workbench after three commands and the lines that only a person can write."""
    home = tmp_path_factory.mktemp("desk") / "ciudad-nueva"
    polygons, incidents = given / "poligonos.geojson", given / "incidentes.csv"
    said = typed("init", "--bare", home)
    said += typed("new", "source", "colonias", "--kind", "colonias", "--file", polygons, "-w", home)
    said += typed("new", "source", "incidentes", "--file", incidents, "-w", home)
    bench = Workbench(home)
    (home / "said.txt").write_text(said, encoding="utf-8")
    told = bench.settings_file.read_text(encoding="utf-8")
    told = told.replace('"—" ', '"Ciudad Nueva" ').replace('"00000"', '"09004"')
    listed = f'select = "listed"\ncolonias = {json.dumps(FICHAS)}'
    # The model of all quarters takes a minute more, and is not what is asked here.
    told = told.replace('select = "all"', listed) + '\n[risk]\nsurface = "global"\n'
    bench.settings_file.write_text(told, encoding="utf-8")
    return bench


@pytest.fixture(scope="module")
def decided(bench) -> str:
    """A name of which the register says “(PBLO)”, decided by a person before the first edition."""
    for verb in ("collect", "clean", "locate"):
        typed(verb, "-w", bench.root)
    opened = open_workbench(bench)
    waiting = pending_names(opened)
    first = waiting[waiting["written"] == "San Mateo Tlaltenango"]
    rows = first[["written", "borough"]].assign(colonia_id="04-046")
    with speaking("es_MX"):
        decide_names(opened, rows, who="Una persona", today=pd.Timestamp("2026-01-05").date())
    return str(first["written"].iloc[0])


@pytest.fixture(scope="module")
def edition(bench, decided) -> Path:
    assert decided
    typed("run", "-w", bench.root)
    return bench.latest


def test_the_columns_are_understood_and_what_is_not_known_is_asked_for(bench):
    said = (bench.root / "said.txt").read_text(encoding="utf-8")

    for column in ("Nombre de la colonia", "Habitantes", "Fecha de los hechos"):
        assert f"«{column}»" in said
    assert "place se lee de la columna «Colonia del hecho»" in said
    assert "lon se lee de la columna «X»" in said
    assert "escriba quién lo publica y con qué licencia" in said


@pytest.mark.usefixtures("edition")
def test_every_row_is_kept_or_has_its_reason_and_a_decided_name_places_its_events(bench, decided):
    found = {(it.step, it.source): it for it in read_accounts(bench.accounts)}

    cleaned, located = found["clean", "incidentes"], found["locate", "incidentes"]
    assert (cleaned.read, cleaned.kept) == (ROWS, ROWS)
    assert all(it.read == it.kept + sum(it.rejected.values()) for it in found.values())
    assert located.kept > 0.9 * located.read
    assert decided not in set(pending_names(open_workbench(bench))["written"])
    panel = read_table("panel", bench.processed)
    assert panel["events"].sum() == located.kept
    assert panel["colonia_id"].nunique() == COLONIAS


def test_each_colonia_asked_for_has_its_ficha_with_intervals(edition):
    pages = sorted((edition / "public" / "site" / "colonias").glob("*.html"))

    assert [it.stem for it in pages] == FICHAS
    crime = read_table("crime", edition / "public" / "tables")
    shown = crime[(crime["state"] == "shown") & crime["colonia_id"].isin(FICHAS)]
    assert len(shown)
    assert shown[["lower", "upper"]].notna().all(axis=None)


@pytest.fixture(scope="module")
def jupyterlab(bench, edition, tmp_path_factory) -> Iterator[str]:
    """``labtools lab`` on their workbench, with a home of its own."""
    pytest.importorskip("jupyterlab")
    assert edition.is_dir()
    home = tmp_path_factory.mktemp("home")
    words = [sys.executable, "-m", "labtools", "lab", "-w", str(bench.root), "--"]
    words += ["--no-browser", "--port=0", "--ServerApp.token=", "--allow-root"]
    around = {**os.environ, "HOME": str(home), "LABTOOLS_LANG": "es_MX"}
    log = home / "log"
    with log.open("w") as told, subprocess.Popen(words, stderr=told, env=around) as server:
        try:
            yield _address(log)
        finally:
            server.terminate()
            server.wait(timeout=30)


def _address(log: Path) -> str:
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until:
        said = log.read_text(encoding="utf-8")
        if found := re.search(r"http://(?:localhost|127\.0\.0\.1):\d+/lab", said):
            return found[0]
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not say where it listens: {said[-500:]}")


@pytest.mark.browser
def test_a_card_a_choice_and_a_press_of_the_space_bar_show_the_ficha_of_a_colonia(jupyterlab):
    """From the keyboard alone: a card of the launcher, the form, the result."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here: JupyterLab was not opened")
    alone = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=alone)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(PATIENCE)
        elsewhere = []
        page.on("request", lambda it: elsewhere.append(it.url) if _away(it.url) else None)
        page.goto(jupyterlab)
        page.wait_for_selector(".jp-Launcher")
        cards = page.locator(".jp-LauncherCard-label").all_inner_texts()
        page.locator(".jp-LauncherCard", has_text="Ficha de una colonia").press("Enter")
        chosen = page.locator(".widget-dropdown select").first
        chosen.focus()
        page.keyboard.press("End")
        wanted = chosen.evaluate("it => it.selectedOptions[0].textContent")
        page.get_by_role("button", name="Ejecutar", exact=True).press("Space")
        result = page.frame_locator("iframe.lab-result")
        told = result.locator("main").inner_text()
        browser.close()

    assert {"Ficha de una colonia", "Nuevo análisis", "Nombres por decidir"} <= set(cards)
    assert wanted.split("\xa0·")[0] in told
    assert "Edición interna" in told
    assert elsewhere == []
    assert not list(bundled("notebooks").rglob(".ipynb_checkpoints"))


def _away(url: str) -> bool:
    return not re.match(r"(https?|wss?)://(localhost|127\.0\.0\.1)[:/]|data:|blob:|about:", url)
