import pandas as pd
import pytest

from labtools import messages
from labtools.narrative import gathering
from labtools.tables.contracts import empty_table

NAMES = pd.Series({"a": "El Sol", "b": "La Luna"})


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def near_repeats(q_value):
    return pd.DataFrame(
        {
            "group": ["theft", "theft"],
            "metres_from": [0, 100],
            "metres_to": [100, 200],
            "days_from": [0, 0],
            "days_to": [7, 7],
            "observed": [72, 90],
            "expected": [52.1, 60.0],
            "ratio": [1.4, 1.5],
            "q_value": [q_value, 0.001],
        }
    )


def test_near_repeats_are_told_beside_what_chance_deals_and_only_of_the_closest_class():
    clear, none = (gathering.near_repeat_sentences(near_repeats(q)) for q in (0.01, 0.3))

    assert clear[0].startswith("Theft and damage without violence: 72 pairs of files within 100")
    assert "52.1 if places and days had nothing to do with each other" in clear[0]
    assert none[0].startswith("No group has more pairs of files within 100 metres and 7 days")


def test_a_group_whose_neighbours_are_unlike_is_not_told_as_gathering():
    table = pd.DataFrame(
        {
            "group": ["theft", "robbery", "violence"],
            "statistic": [0.3, -0.3, 0.01],
            "expected": [-0.01] * 3,
            "q_value": [0.001, 0.001, 0.6],
        }
    )

    alike, unlike = gathering.gathering_sentences(table)

    assert alike.endswith("in: Theft and damage without violence.")
    assert "Violence against persons" in unlike
    assert "Robbery with violence" in unlike


def test_a_new_cluster_is_told_with_its_months_and_names_and_without_order():
    table = pd.DataFrame(
        {"cluster": 1, "colonia_id": ["b", "a"], "months": 3, "observed": 40, "expected": 22.5}
    )

    said = gathering.emerging_sentences(table, NAMES)

    assert said == (
        "In the last 3 months: 40 files where 22.5 would be usual, in El Sol and La Luna.",
    )


def test_alarms_of_series_stand_beside_how_many_would_be_false():
    table = pd.DataFrame(
        {
            "area": ["Centre", "North"],
            "group": "total",
            "observed": [262, 80],
            "upper": [259.0, 100.0],
            "alarm": [True, False],
            "budget": 0.5,
        }
    )

    said = gathering.series_alarm_sentences(table)

    assert "0.5 false alarms a month" in said[0]
    assert said[1:] == (
        "Centre, All recorded crime shown here: 262 files; up to 259 would be usual.",
    )
    assert gathering.series_alarm_sentences(table.tail(1))[1] == "None left what is usual."


def test_the_map_of_density_says_what_was_chosen_and_that_it_is_not_of_risk():
    table = pd.DataFrame({"cell_metres": [250], "bandwidth_metres": [500]})

    said = gathering.density_sentences(table)[0]

    assert "Cells of 250 metres and a kernel of 500 metres" in said
    assert "no map of risk" in said


def test_what_is_not_known_is_said_and_not_passed_over():
    assert "too few case files" in gathering.near_repeat_sentences(empty_table("near_repeats"))[0]
    assert "too few case files" in gathering.density_sentences(empty_table("density"))[0]
    assert "too few colonias" in gathering.gathering_sentences(empty_table("risk_gathering"))[0]
    assert "No group" in gathering.emerging_sentences(empty_table("risk_emerging"), NAMES)[0]
    assert "Fewer than three" in gathering.series_alarm_sentences(empty_table("series_alarms"))[0]
