import pandas as pd
import pytest

from labtools import messages
from labtools.narrative.foresight import power_sentences

NAMES = pd.Series({"street_lighting": "Alumbrado público", "vacant_lots": "Predios"})


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def designs(outcome="crime", **standing):
    rows = pd.DataFrame(
        {
            "intervention": "street_lighting",
            "outcome": outcome,
            "months": pd.array([6, 6, 12], "Int64"),
            "per_arm": [16, 32, 16],
            "fall": 0.06,
            "power": [0.4, 0.83, 0.85],
            "standing": "short",
        }
    )
    for row, word in standing.items():
        rows.loc[int(row[1:]), "standing"] = word
    return rows


def test_the_smallest_start_that_sees_the_fall_is_told_with_its_months_and_colonias():
    (said,) = power_sentences(designs(_1="smallest", _2="enough"), NAMES)

    assert said == (
        "Street lighting, crime: a fall of 6 % of the crimes it acts on would be seen 83 % of the "
        "times in 6 months, with 32 colonias with the action and as many without."
    )


def test_a_fall_that_no_start_can_see_is_told_so():
    (said,) = power_sentences(designs(), NAMES)

    assert "none of the starts tried, up to 32 colonias" in said
    assert "12 months" in said


def test_fear_is_told_by_surveys_and_without_months():
    (said,) = power_sentences(designs("fear", _0="smallest").assign(months=pd.NA), NAMES)

    assert "by two surveys of 16 colonias" in said
    assert "none of the surveys" in power_sentences(designs("fear").assign(months=pd.NA), NAMES)[0]


def test_without_prices_nothing_was_planned():
    assert "no start was planned" in power_sentences(designs().iloc[:0], NAMES)[0]
