"""From a subject that no rule names to the code that a person gave it."""

from __future__ import annotations

from dataclasses import replace

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from labtools import paths
from labtools.errors import TableError
from labtools.messages import speaking
from labtools.paths import ENVIRONMENT_VARIABLE, Workbench
from labtools.tables.lineage import Lineage
from labtools.tables.store import make_folder, read_table, write_table
from labtools.workflow.codings import decide_subjects, pending_subjects
from labtools.workflow.placing import classify
from labtools.workflow.steps import open_workbench
from tests.workflow.test_aliases import SETTINGS

CODINGS = """
[[source]]
name = "asuntos"
descriptor = "subject_codings"
path = "asuntos.csv"
cutoff = "2025-12-31"
"""
SUBJECTS = ["AMENAZAS", "COSA RARA", "COSA RARA", "OTRA COSA"]


def located():
    n = len(SUBJECTS)
    blank = pd.Series([None] * n, dtype="str")
    return pd.DataFrame(
        {
            "event_id": [f"e{at}" for at in range(n)],
            "source": "carpetas",
            "record_type": "case_file",
            "occurred_on": pd.Timestamp("2025-05-06"),
            "hour": pd.Series([None] * n, dtype="Int64"),
            "subject": SUBJECTS,
            "lon": -100.4,
            "lat": 20.6,
            "place": blank,
            "borough": blank,
            "colonia_id": "99001_0001",
            "location_quality": "inside",
        }
    )


def write_codings(bench, *rows):
    table = pd.DataFrame(rows, columns=["subject", "crime_code", "coder"]).astype("str")
    folder = make_folder(bench.interim("clean"), private=True)
    lineage = Lineage(step="clean", inputs={}, code="x", settings=str(rows))
    write_table("codings", table, folder, lineage=lineage, as_name="asuntos.codings")


@pytest.fixture
def opened(tmp_path):
    bench = Workbench(tmp_path)
    bench.settings_file.write_text(SETTINGS + CODINGS, encoding="utf-8")
    lineage = Lineage(step="locate", inputs={}, code="x", settings="x")
    folder = make_folder(bench.interim("located"), private=True)
    write_table("located", located(), folder, lineage=lineage, as_name="carpetas.located")
    write_codings(bench)
    return open_workbench(bench)


def origins(opened):
    table = read_table(
        "classified", opened.workbench.interim("classified"), as_name="carpetas.classified"
    )
    return dict(zip(table["subject"], table["code_origin"], strict=True))


def test_what_nobody_named_waits_and_is_coded_once_a_person_decides(opened):
    (before,) = classify(opened)
    waiting = pending_subjects(opened)
    write_codings(opened.workbench, ("cosa rara", "fraud", "A"))

    (after,) = classify(opened)

    assert waiting[["subject", "events"]].to_numpy().tolist() == [
        ["COSA RARA", 2],
        ["OTRA COSA", 1],
    ]
    assert (before.kept, dict(before.rejected)) == (1, {"unclassified_for_a_person_to_code": 3})
    assert (after.kept, dict(after.changed)) == (3, {"coded_by_person": 2})
    assert origins(opened) == {"AMENAZAS": "rule", "COSA RARA": "person", "OTRA COSA": "nobody"}


def test_a_column_of_which_hardly_a_subject_is_known_is_told(opened):
    lines = []
    several = pd.concat([located().assign(subject="Col. Centro")] * 15, ignore_index=True)
    several["event_id"] = [f"e{at}" for at in range(len(several))]
    lineage = Lineage(step="locate", inputs={}, code="x", settings="y")
    folder = opened.workbench.interim("located")
    write_table("located", several, folder, lineage=lineage, as_name="carpetas.located")

    with speaking("en"):
        classify(replace(opened, tell=lines.append))

    assert any("60 of 60 events; the commonest is “Col. Centro”" in line for line in lines)


def decisions(*rows):
    return pd.DataFrame(rows, columns=["subject", "crime_code"])


def test_codes_are_added_with_who_gave_them_and_earlier_ones_stay(opened):
    decide_subjects(opened, decisions(("COSA RARA", "fraud")), who="A. B.")
    path = decide_subjects(opened, decisions(("COSA RARA", "extortion")), who="C.")

    assert path.read_text(encoding="utf-8").splitlines() == [
        "asunto,codigo,quien",
        "COSA RARA,fraud,A. B.",
        "COSA RARA,extortion,C.",
    ]


def test_a_code_that_is_not_ours_is_refused_and_nothing_is_written(opened):
    with speaking("en"), pytest.raises(TableError, match=r"1 decisions give a code.*is robo"):
        decide_subjects(opened, decisions(("X", "robo")), who="A")

    assert not (opened.workbench.root / "asuntos.csv").exists()


def test_without_a_file_for_codes_one_is_entered_in_the_settings_and_read(opened):
    opened.workbench.settings_file.write_text(SETTINGS, encoding="utf-8")
    bare = open_workbench(opened.workbench)

    path = decide_subjects(bare, decisions(("X", "fraud")), who="A")

    (source,) = open_workbench(opened.workbench).of_kind("codings")
    assert opened.workbench.root / source.path == path
    assert "X,fraud,A" in path.read_text(encoding="utf-8")


def test_the_guide_runs_and_writes_nothing_until_somebody_decides(opened, monkeypatch):
    classify(opened)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(opened.workbench.root))
    path = paths.bundled("notebooks", "guides", "asuntos_por_codificar.ipynb")
    notebook = nbformat.read(path, as_version=4)

    NotebookClient(notebook, timeout=120).execute()

    assert "COSA RARA" in str(notebook.cells[4].outputs)
    assert not (opened.workbench.root / "asuntos.csv").exists()
