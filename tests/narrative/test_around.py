"""What protects stands beside what worries, each told of the area that it is of."""

import pandas as pd
import pytest

from labtools import messages
from labtools.narrative import sentences
from labtools.narrative.around import around_table, factors_by_side
from tests.narrative.ficha import COLONIA, felt, ficha

BOROUGH = {"area_kind": "borough", "area": "Norte"}
SEEN = {"indicator": "witnessed_alcohol"}
TRUST = {"indicator": "cohesion"}


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def said(*rows):
    return " ".join(sentences(ficha(perception=list(rows)))["around"])


def test_what_protects_stands_before_what_worries_and_only_the_last_wave_is_told():
    earlier = pd.Timestamp("2025-05-01")
    rows = [
        felt(0.6, **SEEN),
        felt(0.5, **SEEN, period=earlier),
        felt(0.3, indicator="conflict_noise"),
        felt(0.4, **TRUST),
        felt(0.7),
        felt(0.2, indicator="reported"),
    ]

    found = around_table(ficha(perception=rows).tables["perception"])

    assert found["indicator"].tolist() == ["cohesion", "witnessed_alcohol", "conflict_noise"]
    assert found["battery"].tolist() == ["protects", "conducts", "conflicts"]
    assert found["share"].tolist() == [0.4, 0.6, 0.3]


def test_trust_is_told_of_the_colonia_where_there_is_a_figure_of_it():
    own = felt(0.44, **TRUST, area_kind="colonia", area=COLONIA, source="model", respondents=None)

    assert "in this colonia, some 44 of every 100 people trust" in said(felt(0.3, **TRUST), own)


def test_trust_of_the_borough_is_never_said_to_be_the_colonias():
    refused = {"share": None, "lower": None, "upper": None, "state": "insufficient"}
    own = felt(**TRUST, area_kind="colonia", area=COLONIA) | refused

    told = said(own, felt(0.3, **TRUST), felt(0.36, **TRUST, **BOROUGH))

    assert "in Norte, 36 of every 100" in told
    assert "Of this colonia alone it is not known" in told
    hidden = said(own | {"state": "suppressed"}, felt(0.36, **TRUST, **BOROUGH))
    assert "The figure of this colonia alone is withheld" in hidden
    assert "not known" not in hidden


def test_batteries_name_the_areas_that_they_are_of_and_refuse_the_colonia():
    told = said(felt(0.6, **SEEN), felt(0.5, **SEEN, **BOROUGH))

    assert "told of Norte and Santa Lucía, and not of this colonia" in told


def test_an_area_whose_sample_does_not_suffice_is_not_named():
    refused = {"share": None, "lower": None, "upper": None, "state": "insufficient"}

    told = said(felt(0.6, **SEEN), felt(**SEEN, **BOROUGH) | refused)

    assert "told of Santa Lucía, and not" in told


def test_without_any_such_question_it_is_said_that_nothing_is_known():
    assert "what protects this colonia is not known" in said(felt())


def test_a_trait_is_on_a_side_only_where_its_association_is_told_and_its_interval_agrees():
    factors = pd.DataFrame(
        {
            "group": "theft",
            "indicator": ["more", "doubtful", "place", "less"],
            "lower": [1.1, 0.9, 0.5, 0.6],
            "upper": [1.4, 1.2, 0.8, 0.9],
            "reading": ["association", "association", "confounded", "association"],
        }
    )

    found = factors_by_side(factors).set_index("indicator")["side"]

    assert found.index.tolist() == ["less", "more", "doubtful", "place"]
    assert found.loc[["less", "more"]].tolist() == [
        "goes with lower rates",
        "goes with higher rates",
    ]
    assert found.loc[["doubtful", "place"]].str.startswith("neither").all()
