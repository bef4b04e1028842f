"""A model of texts that abstains: honest about what it has not seen, the same every time."""

import gzip

import numpy as np
import pandas as pd
import pytest

from labtools.classify.crosswalk import crime_groups, load_crosswalk
from labtools.classify.quality import measure_agreement, measure_calibration
from labtools.classify.text_model import (
    deciding_words,
    fit_text_model,
    fold_text,
    predict_codes,
    probabilities,
    sure_from,
)
from labtools.errors import AnalysisError
from labtools.messages import speaking

THINGS = ["celular", "cartera", "bicicleta", "reloj", "mochila", "computadora", "bolsa", "cadena"]
PLACES = ["la calle", "el parque", "la plaza", "el mercado", "la esquina", "el camión"]


def stories(seed=0, n=120):
    """Return accounts of two kinds, which differ by what was done."""
    rng = np.random.default_rng(seed)
    robbed = ["lo amagó y le quitó", "con violencia le arrebató", "la golpeó y le robó"]
    fooled = ["depositó y nunca recibió", "pagó por internet y no llegó", "le vendieron un falso"]
    rows = []
    for at in range(n):
        kind = ("robbery", robbed) if at % 2 else ("fraud", fooled)
        form = int(rng.integers(3))
        text = f"{rng.choice(PLACES)} {kind[1][form]} {rng.choice(THINGS)} {rng.integers(1, 99)}"
        rows.append((text, kind[0], f"{kind[0]}{form}"))
    return pd.DataFrame(rows, columns=["text", "label", "family"])


@pytest.fixture(scope="module")
def model():
    told = stories()
    return fit_text_model(told["text"], told["label"])


def test_a_text_is_read_without_accents_case_or_figures():
    assert fold_text("Robó 2,500 pesos en la Peña.") == "robo 0 0 pesos en la pena"


def test_new_texts_like_those_seen_are_coded_and_rightly(model):
    fresh = stories(seed=9)

    said = predict_codes(model, fresh["text"], confidence=0.9)

    assert said["sure"].mean() > 0.9
    assert (said["code"] == fresh["label"])[said["sure"]].mean() > 0.95
    assert said["confidence"].between(0.5, 1).all()


def test_a_text_of_words_never_seen_is_not_coded(model):
    said = predict_codes(model, pd.Series(["xilófono marmóreo", ""]), confidence=0.5)

    assert said["known_words"].tolist() == [0, 0]
    assert not said["sure"].any()


def test_nothing_is_coded_where_the_evidence_is_too_little_for_the_declared_share():
    told = stories(n=120)
    few = fit_text_model(told["text"], told["label"], families=told["family"])

    # Six families, each once: even were all right, 95 % likelihood asks for 29 to declare 0.9.
    assert sure_from(few, 0.9) == float("inf")
    assert not predict_codes(few, told["text"], confidence=0.9)["sure"].any()


def test_the_limit_holds_the_declared_share_by_clopper_and_pearson(model):
    right = model.evidence.sort_values("confidence", ascending=False)
    n = int((right["confidence"] >= sure_from(model, 0.9)).sum())

    # All right: the limit is 0.05 ** (1 / n), of which 29 is the first at 0.9.
    assert n >= 29
    assert 0.05 ** (1 / 29) > 0.9 > 0.05 ** (1 / 28)


def test_the_words_that_decided_are_those_without_which_it_would_doubt(model):
    found = deciding_words(model, "en el parque lo amagó y le quitó el reloj")

    assert {"amago", "quito"} & set(found)
    assert "parque" not in found
    assert deciding_words(model, "") == ()


def test_the_same_texts_in_another_order_give_the_same_model():
    told = stories()
    turned = told.sample(frac=1, random_state=3)

    one = fit_text_model(told["text"], told["label"])
    other = fit_text_model(turned["text"], turned["label"])

    assert one.temperature == other.temperature
    pd.testing.assert_frame_equal(
        probabilities(one, told["text"]), probabilities(other, told["text"])
    )


@pytest.mark.parametrize("table", [stories().head(20), stories().query("label == 'fraud'")])
def test_too_few_texts_or_one_class_are_nothing_to_learn_from(table):
    with speaking("en"), pytest.raises(AnalysisError, match="are too few to learn from"):
        fit_text_model(table["text"], table["label"])


@pytest.mark.real_data
def test_real_subjects_left_out_are_coded_seldom_and_then_rightly(real_data):
    path = real_data / "cdmx" / "carpetas_fgj_2019_2023.csv.gz"
    with gzip.open(path) as stream:
        column = pd.read_csv(stream, usecols=["delito"], dtype="str", keep_default_na=False)
    subjects = pd.Series(sorted(column["delito"].unique()))
    codes = subjects.map(load_crosswalk("fgj").code_of)
    fold = np.random.default_rng(3).integers(0, 5, len(subjects))
    parts, chances = [], []
    for left_out in range(5):
        known = fold != left_out
        model = fit_text_model(subjects[known], codes[known])
        parts.append(predict_codes(model, subjects[~known], confidence=0.9))
        chances.append(probabilities(model, subjects[~known]))

    said = pd.concat(parts).sort_index()
    chance = pd.concat(chances).sort_index().reindex(columns=sorted(set(codes))).fillna(0)

    right = said["code"] == codes
    naive = (codes == codes.mode()[0]).mean()
    assert right[said["sure"]].mean() >= 0.9
    assert said["sure"].mean() > 0.1
    assert right.mean() > 2 * naive
    assert measure_agreement(codes, said["code"]).macro_f1 > 0.4
    assert measure_calibration(codes, chance).ece < 0.15
    groups = crime_groups()
    sensitive = codes.map(groups) == "sensitive"
    lost = sensitive & said["sure"] & (said["code"].map(groups) != "sensitive")
    assert lost.sum() <= 1
