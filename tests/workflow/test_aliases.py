"""A person decides what written names mean, and the next run reads it."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from labtools import paths
from labtools.errors import SettingsError, TableError
from labtools.messages import speaking
from labtools.paths import ENVIRONMENT_VARIABLE, Workbench
from labtools.tables.lineage import Lineage
from labtools.tables.store import make_folder, write_table
from labtools.workflow.aliases import decide_names, known_aliases, pending_names
from labtools.workflow.steps import open_workbench
from tests.places.ground import register, square

SETTINGS = """
[lab]
name = "Prueba"
municipality = "Prueba"
municipality_id = "99001"

[colonias]
path = "colonias.geojson"
descriptor = "colonias_demo"
cutoff = "2026-01-01"

[[source]]
name = "carpetas"
descriptor = "case_files_demo"
path = "carpetas.csv"
cutoff = "2025-12-31"
"""
NAMES = """
[[source]]
name = "nombres"
descriptor = "colonia_aliases"
path = "nombres.csv"
cutoff = "2025-12-31"
"""
DAY = date(2026, 1, 5)


@pytest.fixture
def opened(tmp_path):
    bench = Workbench(tmp_path)
    bench.settings_file.write_text(SETTINGS + NAMES, encoding="utf-8")
    town = register({"99001_0001": square(0, 0), "99001_0002": square(1, 0)}, name=["Uno", "Dos"])
    nothing = {"population": float("nan"), "dwellings": float("nan"), "registered_on": pd.NaT}
    town = town.assign(**nothing)
    columns = ["colonia_id", "name", "borough", "population", "dwellings", "registered_on"]
    queue = pd.DataFrame(
        {
            "written": ["EL UNO", "NADA"],
            "borough": pd.Series([None, "Norte"], dtype="str"),
            "events": pd.Series([3, 9], dtype="Int64"),
            "quality": ["doubtful_name", "unknown_name"],
            "likest": pd.Series(["99001_0001", None], dtype="str"),
            "score": [0.8, None],
            "next_likest": pd.Series([None, None], dtype="str"),
            "runner_up": [0.0, None],
        }
    )
    folder = make_folder(bench.interim("located"), private=True)
    lineage = Lineage(step="locate", inputs={}, code="x", settings="x")
    write_table("colonias", town[[*columns, "geometry"]], folder, lineage=lineage)
    write_table("name_queue", queue, folder, lineage=lineage, as_name="carpetas.name_queue")
    return open_workbench(bench)


def decisions(*rows):
    return pd.DataFrame(rows, columns=["written", "borough", "colonia_id"])


def test_names_of_most_events_come_first_with_the_colonias_they_may_be(opened):
    pending = pending_names(opened)

    assert pending["written"].tolist() == ["NADA", "EL UNO"]
    assert pending["likest_name"].fillna("·").tolist() == ["·", "Uno"]
    assert set(pending["source"]) == {"carpetas"}


def test_decisions_are_added_with_who_and_when_and_earlier_ones_stay(opened):
    decide_names(opened, decisions(("EL UNO", None, "99001_0001")), who="A. B.", today=DAY)
    path = decide_names(opened, decisions(("NADA", "Norte", None)), who="C.", today=DAY)

    assert path.read_text(encoding="utf-8").splitlines() == [
        "cve_col,nombre_escrito,delegacion,desde,hasta,motivo",
        '99001_0001,EL UNO,,,,"A. B., 2026-01-05"',
        ',NADA,Norte,,,"C., 2026-01-05"',
    ]


def test_a_decision_for_a_key_that_is_not_there_is_refused_and_nothing_is_written(opened):
    wrong = decisions(("EL UNO", None, "99001_0001"), ("NADA", None, "99001_9999"))

    with speaking("en"), pytest.raises(TableError, match=r"1 decisions give a key.*99001_9999"):
        decide_names(opened, wrong, who="A", today=DAY)

    assert not (opened.workbench.root / "nombres.csv").exists()


def test_without_a_file_for_decisions_one_is_entered_in_the_settings_and_read(opened):
    opened.workbench.settings_file.write_text(SETTINGS, encoding="utf-8")
    bare = open_workbench(opened.workbench)

    path = decide_names(bare, decisions(("EL UNO", None, "99001_0001")), who="A", today=DAY)

    (source,) = open_workbench(opened.workbench).of_kind("aliases")
    assert opened.workbench.root / source.path == path
    assert "99001_0001,EL UNO" in path.read_text(encoding="utf-8")
    # A second decision goes to the same file, and nothing is entered twice.
    decide_names(
        open_workbench(opened.workbench), decisions(("NADA", None, None)), who="A", today=DAY
    )
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3
    assert len(open_workbench(opened.workbench).of_kind("aliases")) == 1


def test_where_another_source_has_the_name_of_the_file_nothing_is_entered(opened):
    taken = SETTINGS.replace('name = "carpetas"', 'name = "colonia_aliases"')
    opened.workbench.settings_file.write_text(taken, encoding="utf-8")
    bare = open_workbench(opened.workbench)

    with speaking("en"), pytest.raises(SettingsError, match="names no file for these decisions"):
        decide_names(bare, decisions(("EL UNO", None, None)), who="A", today=DAY)

    assert opened.workbench.settings_file.read_text(encoding="utf-8") == taken


def test_an_alias_of_a_key_that_the_register_does_not_have_stops_locate(opened, monkeypatch):
    aliases = pd.DataFrame({"colonia_id": ["99001_0009"], "name": ["X"]})
    monkeypatch.setattr("labtools.workflow.aliases.stacked", lambda *_: aliases)
    town = register({"99001_0001": square(0, 0)})

    with speaking("en"), pytest.raises(TableError, match=r"99001_0009, of the name “X”"):
        known_aliases(opened, town)


@pytest.mark.parametrize(
    ("borough", "until", "key", "refused"),
    [
        (None, None, "99001_0001", True),
        (None, None, "99001_0002", False),  # its own name
        ("Norte", None, "99001_0001", False),
        (None, "2025-01-01", "99001_0001", False),
    ],
)
def test_a_name_that_the_register_gives_to_another_colonia_stops_locate(
    opened, monkeypatch, borough, until, key, refused
):
    town = register({"99001_0001": square(0, 0), "99001_0002": square(1, 0)})
    town["name"] = ["Peñuelas", "Centro"]
    aliases = pd.DataFrame(
        {
            "colonia_id": [key],
            "name": ["CENTRO"],
            "borough": pd.Series([borough], dtype="str"),
            "valid_until": pd.to_datetime([until]),
        }
    )
    monkeypatch.setattr("labtools.workflow.aliases.stacked", lambda *_: aliases)
    expected = pytest.raises(TableError, match="“CENTRO” for 99001_0001")

    with speaking("en"), expected if refused else nullcontext():
        known_aliases(opened, town)


def test_the_guide_runs_and_writes_nothing_until_somebody_decides(opened, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(opened.workbench.root))
    path = paths.bundled("notebooks", "guides", "nombres_por_decidir.ipynb")
    notebook = nbformat.read(path, as_version=4)

    NotebookClient(notebook, timeout=120).execute()

    assert "NADA" in str(notebook.cells[4].outputs)
    assert not (opened.workbench.root / "nombres.csv").exists()
