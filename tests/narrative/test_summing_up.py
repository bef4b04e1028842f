import numpy as np
import pandas as pd
import pytest

from labtools import messages
from labtools.narrative import summing_up
from labtools.tables.contracts import empty_table

LABELS = pd.Series({"internet": "Homes with internet"})


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def harm(lower, upper):
    return pd.DataFrame(
        {
            "year_start": pd.to_datetime(["2024-01-01", "2025-01-01"]),
            "weighed_share": [0.5, 0.6],
            "harm_days": [1000.0, 1200.0],
            "lower": [900.0, lower],
            "upper": [1100.0, upper],
            "doubt_lower": [600.0, 700.0],
            "doubt_upper": [1800.0, 2100.0],
            "verified": [False, False],
        }
    )


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ((1150, 1250), "more than"),
        ((1050, 1350), "cannot be told apart"),
        ((700, 850), "less than"),
    ],
)
def test_harm_moved_only_where_its_range_leaves_that_of_the_year_before(limits, told):
    said = summing_up.harm_sentences(harm(*limits))

    assert "(60 % of all) sum to 1,200 days" in said[0]
    assert "declared choice" in said[1]
    assert "between 700 and 2,100" in said[1]
    assert told in said[2]
    assert "not verified" in said[3]


def contribution(trait):
    return pd.DataFrame(
        {"group": "total", "indicator": ["internet"], "contribution": [trait * np.log(0.8)]}
    )


def factors(reading="association"):
    return pd.DataFrame(
        {
            "group": "total",
            "indicator": ["internet"],
            "ratio": [0.8],
            "lower": [0.7],
            "upper": [0.9],
            "reading": [reading],
        }
    )


@pytest.mark.parametrize(
    ("trait", "told"),
    [
        (2.0, "0.64 times the rate of an average one (between 0.49 and 0.81)"),
        (-1.0, "1.25 times the rate of an average one (between 1.11 and 1.43)"),
    ],
)
def test_a_trait_is_told_as_much_as_the_colonia_has_of_it_with_its_limits(trait, told):
    said = summing_up.contribution_sentences(contribution(trait), factors(), LABELS)

    assert said[0].startswith("Homes with internet: ")
    assert told in said[0]
    assert "no cause" in said[0]


def test_a_trait_that_may_be_chance_or_place_is_not_told_of_a_colonia():
    said = summing_up.contribution_sentences(contribution(1.0), factors("confounded"), LABELS)

    assert said == ("No trait of colonias goes together with this rate clearly enough to be told.",)


def test_only_premises_that_surely_go_with_more_are_told_and_in_no_order_of_size():
    table = pd.DataFrame(
        {
            "group": "total",
            "label": ["Schools", "Bars", "Banks"],
            "chosen": [True, True, False],
            "ratio": [1.1, 1.5, np.nan],
            "lower": [0.9, 1.2, np.nan],
        }
    )

    said = summing_up.terrain_sentences(table)

    assert said[0] == "3 kinds of premises were tried."
    assert "for each resident: Bars." in said[1]


def test_the_place_by_means_is_told_as_an_interval_only():
    table = pd.DataFrame(
        {"lower_share": [0.2], "upper_share": [0.35], "tried": [24], "indicators": [3]}
    )

    assert (
        "Between 20 % and 35 % of the other colonias lack less"
        in summing_up.means_sentences(table)[0]
    )
    assert "moves by 15 % of all colonias" in summing_up.index_sentences(table)[0]


def test_the_choice_of_exposure_is_announced_with_what_could_not_be_tried():
    table = pd.DataFrame({"exposure": ["residents", "households", "residents"]})

    tried, lacking = summing_up.exposure_choice_sentences(table)

    assert tried == "Rates are told by residents; they were also tried by dwellings."
    assert lacking.endswith("premises and people present.")


def test_what_is_not_known_is_said_and_not_passed_over():
    assert "no whole year" in summing_up.harm_sentences(empty_table("harm"))[0]
    assert "No source of premises" in summing_up.terrain_sentences(empty_table("terrain"))[0]
    assert "no index" in summing_up.index_sentences(empty_table("index_places"))[0]
    assert summing_up.means_sentences(empty_table("index_places")) == ()
