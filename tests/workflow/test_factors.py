"""Narratives: nobody in them leaves the raw files, and what they are a sign of is told or waits."""

import pandas as pd
import pytest

from labtools.classify.agreement import coder_agreement
from labtools.paths import Workbench
from labtools.privacy.redaction import Redactor
from labtools.tables.lineage import Lineage
from labtools.tables.store import make_folder, read_table, write_table
from labtools.workflow import factors
from labtools.workflow.codings import decide_factors, pending_texts
from labtools.workflow.factors import kept_text_tables, text_tables
from labtools.workflow.placing import classify
from labtools.workflow.shelving import shelve_events
from labtools.workflow.steps import open_workbench
from tests.sources.supplied import EVENTS, intake, written
from tests.workflow.test_aliases import SETTINGS
from tests.workflow.test_codings import CODINGS, SUBJECTS, located, write_codings

NARRATIVE = 'name = "carpetas"\ncolumns = { narrative = "narrativa" }'
FACTORS = """
[[source]]
name = "factores"
descriptor = "factor_codings"
path = "factores.csv"
cutoff = "2025-12-31"
"""
TOLD = ["Su pareja la golpeó", "Gritaban junto al río", None, "Persona en estado de ebriedad"]
SAID = {**EVENTS, "columns": {**EVENTS["columns"], "narrative": "relato"}}


def shelved(folder, name, table):
    lineage = Lineage(step="clean", inputs={}, code="x", settings="x")
    schema = name.partition(".")[2]
    write_table(schema, table, make_folder(folder, private=True), lineage=lineage, as_name=name)


@pytest.fixture
def opened(tmp_path):
    assert 'name = "carpetas"' in SETTINGS
    told = SETTINGS.replace('name = "carpetas"', NARRATIVE) + CODINGS + FACTORS
    bench = Workbench(tmp_path)
    bench.settings_file.write_text(told, encoding="utf-8")
    texts = pd.DataFrame({"event_id": [f"e{at}" for at in range(len(TOLD))], "text": TOLD})
    shelved(bench.interim("located"), "carpetas.located", located())
    shelved(bench.interim("clean"), "carpetas.narratives", texts.dropna().astype("str"))
    nothing = pd.DataFrame(columns=["subject", "factor", "coder"], dtype="str")
    shelved(bench.interim("clean"), "factores.factor_codings", nothing)
    write_codings(bench)
    return open_workbench(bench)


def test_signs_are_told_by_rules_and_the_rest_waits_for_a_person(opened):
    classify(opened)

    folder = opened.workbench.interim("classified")
    signs = read_table("factor_signs", folder, as_name="carpetas.factor_signs")
    assert signs["factor"].tolist() == ["factor_8", "unclassified", "unclassified", "factor_7"]
    assert pending_texts(opened)["subject"].tolist() == [
        SUBJECTS[2],
        f"{SUBJECTS[1]}. {TOLD[1]}",
    ]
    counted = text_tables(opened)["factors_told"].set_index(["factor", "told_by"])["events"]
    assert counted.to_dict() == {
        ("factor_7", "rule"): 1,
        ("factor_8", "rule"): 1,
        ("unclassified", "nobody"): 2,
    }


def test_how_texts_were_read_is_told_anew_only_when_they_are_read_anew(opened, monkeypatch):
    classify(opened)
    told = []
    monkeypatch.setattr(
        factors, "coder_agreement", lambda codings: told.append(1) or coder_agreement(codings)
    )

    first, second = kept_text_tables(opened), kept_text_tables(opened)
    assert told == [1]
    for name in first:
        pd.testing.assert_frame_equal(first[name], second[name])

    folder = opened.workbench.interim("classified")
    name = "carpetas.factor_signs"
    signs = read_table("factor_signs", folder, as_name=name)
    shelved(folder, name, signs.iloc[1:])

    assert kept_text_tables(opened)["factors_told"]["events"].sum() == len(signs) - 1
    assert told == [1, 1]

    own = make_folder(opened.workbench.references / "taxonomies")
    (own / "correspondences.toml").write_text("# ours", encoding="utf-8")
    kept_text_tables(opened)
    assert told == [1, 1, 1]


def test_what_a_person_decides_of_a_text_is_added_to_the_file_of_factors(opened):
    decided = pd.DataFrame({"subject": ["Gritaban junto al río"], "factor": ["none"]})

    path = decide_factors(opened, decided, who="A. B.")

    assert path.read_text(encoding="utf-8").splitlines() == [
        "texto,factor,quien",
        "Gritaban junto al río,none,A. B.",
    ]


def test_nobody_in_a_narrative_is_kept(tmp_path):
    rows = [
        f"F{at},2024-05-{at + 1:02},08:30,ROBO,,,Centro,"
        f'"Denunciante: María Fernanda Núñez Rangel, tel. 999 000 {1234 + at}"'
        for at in range(4)
    ]
    header = "folio,fecha,hora,delito,lon,lat,colonia,relato"
    given = intake(written(tmp_path, "\n".join([header, *rows, ""])), SAID)
    lineage = Lineage(step="clean", inputs={}, code="x", settings="x")

    told, _ = shelve_events(given, Redactor([], key=bytes(32)), tmp_path, lineage)

    kept = pd.read_parquet(tmp_path / "carpetas.narratives.parquet")
    assert len(kept) == told.account.kept == 4
    assert not kept["text"].str.contains(r"Núñez|Fernanda|999").any()
    assert told.account.changed["people_phone"] == 4
