import numpy as np
import pandas as pd
import pytest

from labtools.analysis.ranks import (
    chance_among_most,
    in_whole_tenths,
    place_intervals,
    tiers,
)
from labtools.errors import AnalysisError

FIVE = pd.Index(list("abcde"))


def test_areas_far_apart_have_their_exact_place():
    draws = np.array([30.0, 10, 50, 20, 40]) + np.random.default_rng(1).normal(size=(500, 5))

    places = place_intervals(draws, FIVE)

    for column in ("lower_share", "upper_share"):
        assert places[column].to_list() == [0.5, 0, 1, 0.25, 0.75]


def test_areas_that_tie_get_the_whole_width_of_their_tie():
    draws = np.tile([1.0, 1.0, 1.0, 0.0, 2.0], (50, 1))

    places = place_intervals(draws, FIVE)

    assert places["lower_share"].to_list() == [0.25, 0.25, 0.25, 0, 1]
    assert places["upper_share"].to_list() == [0.75, 0.75, 0.75, 0, 1]


def test_areas_of_the_same_law_cannot_be_told_apart():
    draws = np.random.default_rng(2).gamma(3, size=(4_000, 5))

    places = place_intervals(draws, FIVE, level=0.50)

    # Each place is equally likely among five: half of them lie from the second to the fourth.
    assert places["lower_share"].to_list() == [0.25] * 5
    assert places["upper_share"].to_list() == [0.75] * 5


def test_an_area_without_rate_has_no_place_and_takes_none_from_others():
    draws = np.tile([1.0, np.nan, 3.0], (10, 1))

    places = place_intervals(draws, pd.Index(list("abc")))

    assert places.loc["b"].isna().all()
    assert places.loc[["a", "c"], "lower_share"].to_list() == [0, 1]


def test_one_area_alone_has_no_place_among_others():
    assert place_intervals(np.ones((9, 1)), pd.Index(["a"])).isna().all(axis=None)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_the_places_hold_the_true_ones_at_least_as_often_as_they_say(level):
    rng = np.random.default_rng(3)
    held = []
    for _ in range(40):
        truth = rng.gamma(4.0, size=30)
        events = rng.poisson(truth * 10)
        draws = rng.gamma(4.0 + events, size=(400, 30)) / 11
        places = place_intervals(draws, pd.RangeIndex(30), level=level)
        true_share = truth.argsort().argsort() / 29
        held += list(places["lower_share"].le(true_share) & places["upper_share"].ge(true_share))

    # 1,200 places; standard error at most 0.015, and places come in whole steps.
    assert np.mean(held) >= level - 0.03


def test_the_chances_of_being_among_the_most_affected_add_up_to_how_many_those_are():
    draws = pd.DataFrame(np.random.default_rng(3).gamma(3, size=(500, 5)), columns=FIVE)

    chance = chance_among_most(draws, 2)

    assert chance.sum() == pytest.approx(2)
    # Alike areas: two fifths each, within four standard errors of 500 draws.
    assert chance.to_numpy() == pytest.approx([0.4] * 5, abs=0.09)


def test_areas_that_tie_share_the_places_that_are_left():
    draws = pd.DataFrame(np.tile([1.0, 1.0, 1.0, 0.0, 2.0], (50, 1)), columns=FIVE)

    chance = chance_among_most(draws, 2)

    assert chance.to_dict() == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3, "d": 0, "e": 1})


def test_an_area_without_draws_has_neither_chance_nor_tier_and_spoils_no_other():
    draws = pd.DataFrame(np.tile([1.0, np.nan, 3.0, 0.0, 2.0], (50, 1)), columns=FIVE)

    chance, tier = chance_among_most(draws, 1), tiers(draws)

    assert chance.drop("b").to_dict() == {"a": 0, "c": 1, "d": 0, "e": 0}
    assert tier.drop("b").to_dict() == {"a": 3, "c": 1, "d": 4, "e": 2}
    assert (np.isnan(chance["b"]), tier["b"] is pd.NA) == (True, True)


def test_areas_that_cannot_be_told_apart_from_the_first_are_of_one_tier():
    rng = np.random.default_rng(4)
    # c and a lie half a deviation of their difference apart, b and d far below them.
    draws = pd.DataFrame(rng.normal([10, 0, 10.7, 0, -20], 1.0, size=(4_000, 5)), columns=FIVE)

    assert tiers(draws).to_dict() == {"a": 1, "b": 2, "c": 1, "d": 2, "e": 3}


def test_an_uncertain_first_area_does_not_hold_together_others_that_differ_for_sure():
    rng = np.random.default_rng(5)
    means, deviations = [4, 2, 1, 0], [3.5, 0.05, 0.05, 0.05]
    draws = pd.DataFrame(rng.normal(means, deviations, size=(4_000, 4)), columns=list("abcd"))

    assert tiers(draws).to_dict() == {"a": 1, "b": 1, "c": 2, "d": 3}


@pytest.mark.parametrize("k", [0, 6])
def test_more_places_than_areas_are_refused(k):
    draws = pd.DataFrame(np.ones((3, 5)), columns=FIVE)

    with pytest.raises(AnalysisError, match="5 areas have rates"):
        chance_among_most(draws, k)


def test_places_in_whole_tenths_hold_the_exact_ones_and_leave_no_area_alone():
    exact = pd.DataFrame(
        {
            "lower_share": [1.0, 0.0, 0.3, 0.31, 0.0, 0.98, np.nan],
            "upper_share": [1.0, 0.0, 0.3, 0.69, 1.0, 1.0, np.nan],
        }
    )

    told = in_whole_tenths(exact)

    assert told["lower_share"].tolist()[:6] == [0.9, 0.0, 0.3, 0.3, 0.0, 0.9]
    assert told["upper_share"].tolist()[:6] == [1.0, 0.1, 0.4, 0.7, 1.0, 1.0]
    assert told.iloc[6].isna().all()
