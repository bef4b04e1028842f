"""Measures of a classification against scikit-learn's and the definitions' own figures."""

import json
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient

from labtools import paths
from labtools.classify.quality import (
    class_drift,
    fit_temperature,
    measure_agreement,
    measure_calibration,
)

REFERENCE = Path(__file__).parents[1] / "reference"
EXPECTED = json.loads((REFERENCE / "text_metrics.json").read_text())["expected"]
TABLE = pd.read_csv(REFERENCE / "text_probs.csv")
CHANCE = TABLE[["p0", "p1", "p2", "p3"]].set_axis([0, 1, 2, 3], axis=1)
KNOWN = TABLE["y"].astype(int)
GIVEN = CHANCE.idxmax(axis=1)


def test_agreement_is_that_of_scikit_learn():
    found = measure_agreement(KNOWN, GIVEN)

    for name in ("macro_f1", "weighted_f1", "kappa", "mcc"):
        assert getattr(found, name) == pytest.approx(EXPECTED[name], rel=1e-6), name
    assert found.accuracy == pytest.approx(EXPECTED["micro_f1"], rel=1e-6)
    for name in ("precision", "recall", "f1"):
        assert found.by_class[name].tolist() == pytest.approx(
            EXPECTED[f"per_class_{name}"], rel=1e-6
        )
    assert found.by_class["support"].tolist() == EXPECTED["support"]


def test_calibration_is_that_of_its_definitions():
    found = measure_calibration(KNOWN, CHANCE)

    assert found.ece == pytest.approx(EXPECTED["ece15"], rel=1e-6)
    assert found.mce == pytest.approx(EXPECTED["mce15"], rel=1e-6)
    assert found.adaptive_ece == pytest.approx(EXPECTED["aece15"], rel=1e-6)
    assert found.log_loss == pytest.approx(EXPECTED["log_loss"], rel=1e-6)
    assert found.brier == pytest.approx(EXPECTED["brier"], rel=1e-6)


def test_the_temperature_makes_confidence_honest():
    logs = np.log(CHANCE.clip(lower=1e-12))

    temperature = fit_temperature(KNOWN, logs)

    assert temperature == pytest.approx(EXPECTED["temperature"], rel=1e-3)
    cooled = np.exp(logs / temperature)
    cooled = cooled.div(cooled.sum(axis=1), axis=0)
    after = measure_calibration(KNOWN, cooled).ece
    assert after == pytest.approx(EXPECTED["ece15_after_T"], rel=1e-2)


def test_two_persons_who_agree_as_chance_would_have_no_kappa():
    one = pd.Series(["a", "a", "b", "b"])
    other = pd.Series(["a", "b", "a", "b"])

    assert measure_agreement(one, other).kappa == 0
    assert measure_agreement(one, one).kappa == 1


def test_of_one_class_only_nothing_is_above_chance():
    one = pd.Series(["a", "a"])

    found = measure_agreement(one, one)

    assert np.isnan(found.kappa)
    assert np.isnan(found.mcc)
    assert found.macro_f1 == 1


def test_a_mix_of_classes_that_stays_has_no_drift_and_one_that_turns_has_much():
    before = pd.Series(["a"] * 80 + ["b"] * 20)
    turned = pd.Series(["a"] * 20 + ["b"] * 80)

    assert class_drift(before, before) == 0
    assert class_drift(before, turned) == pytest.approx(2 * 0.6 * np.log(4))
    assert 0 < class_drift(before, pd.Series(["a"] * 100)) < np.inf


@pytest.mark.slow
def test_the_card_of_the_method_runs_and_beats_the_naive_answer():
    path = paths.bundled("notebooks", "methods", "classification_quality.ipynb")
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace(
            "relatos_por_forma: int = 10", "relatos_por_forma: int = 3"
        )

    NotebookClient(notebook, timeout=300).execute()  # it asserts that the model is better

    assert "macro F1" in str([cell.get("outputs") for cell in notebook.cells])
