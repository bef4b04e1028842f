import pandas as pd
import pytest

from labtools import messages
from labtools.narrative import patterns
from labtools.tables.contracts import empty_table


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def concentration(p_value):
    return pd.DataFrame(
        {
            "group": ["total"],
            "year_start": [pd.Timestamp("2024-01-01")],
            "exposure": ["place"],
            "gini": [0.8],
            "chance": [0.75],
            "excess": [0.05],
            "p_value": [p_value],
            "half_in": [0.1],
        }
    )


def test_concentration_stands_beside_chance():
    by_chance, beyond = (patterns.concentration_sentences(concentration(p)) for p in (0.4, 0.01))

    assert "equal colonias would have 0.75 by chance alone" in by_chance[0]
    assert by_chance[1] == "That cannot be told apart from chance."
    assert beyond[1] == "Beyond chance, the excess is 0.05."


def test_kinds_are_told_with_how_many_chance_would_make():
    table = pd.DataFrame(
        {"kind": ["never", "emerging"], "found": [9.0, 2.0], "by_chance": [9.5, 0.4]}
    )

    said = patterns.persistence_sentences(table)

    assert len(said) == 1
    assert said[0].startswith("Above it since lately, after a rise: 2 colonias")
    assert said[0].endswith("if none changed, 0.4 would look so by chance.")


def test_the_hours_with_most_are_those_in_a_row():
    shares = [0.1 if h >= 20 or h < 4 else 0.2 / 16 for h in range(24)]
    table = pd.DataFrame(
        {"group": "total", "hour": range(24), "share": shares, "unknown_share": 0.07}
    )

    said = patterns.hours_sentences(table)[0]

    assert "begin at 20:00 and hold 80 %" in said
    assert "For 7 %" in said


def test_what_is_not_there_is_said():
    assert "no whole year" in patterns.concentration_sentences(empty_table("concentration"))[0]
    assert "Fewer than three" in patterns.persistence_sentences(empty_table("persistence"))[0]
    assert "Only one exposure" in patterns.exposure_sentences(empty_table("exposures"))[0]
    assert "No hours" in patterns.hours_sentences(empty_table("hours"))[0]


def test_chronic_colonias_are_held_against_colonias_all_alike():
    table = pd.DataFrame(
        {"kind": ["chronic"], "found": [15.0], "by_chance": [16.4], "alike": [0.0]}
    )

    said = patterns.persistence_sentences(table)[0]

    assert said.endswith("15 colonias; if all had the same rate, 0.0 would look so by chance.")
