import numpy as np
import pandas as pd
import pytest

from labtools.analysis.hotspots.near_repeat import knox_test
from labtools.errors import AnalysisError


def events(table):
    days = pd.to_datetime(table["date"]).to_numpy().astype("datetime64[D]").astype(float)
    return table[["X", "Y"]].to_numpy(), days


def test_near_repeats_of_arson_are_those_of_the_r_package(oracle, reference):
    places, days = events(oracle("chicago_arson.csv"))
    told = reference("near_repeats_chicago.json")
    expected, near = told["arson_manhattan"], told["tolerance"]

    found = knox_test(
        places,
        days,
        distance_breaks=[0, 0.1, 100, 200, 300, 400],
        time_breaks=[0, 2, 4],
        distance="manhattan",
        permutations=1999,
    )

    assert found.observed.tolist() == expected["observed"]
    assert found.ratio == pytest.approx(np.array(expected["knox_ratio"]), **near["knox_ratio"])
    assert found.p_value == pytest.approx(np.array(expected["p"]), **near["p"])


@pytest.mark.parametrize("distance", ["euclidean", "manhattan"])
def test_near_repeats_of_burglary_are_those_of_the_r_package(oracle, reference, distance):
    places, days = events(oracle("chicago_burglary.csv").head(2000))
    told = reference("near_repeats_chicago.json")
    expected, near = told[f"burglary_{distance}"], told["tolerance"]

    found = knox_test(
        places,
        days,
        distance_breaks=[0, 0.1, 400, 800, 1200, 1600],
        time_breaks=[0, 3, 7, 14],
        distance=distance,
        permutations=999,
    )

    assert found.observed.tolist() == expected["observed"]
    assert found.ratio == pytest.approx(np.array(expected["knox_ratio"]), **near["knox_ratio"])
    assert found.frame()["observed"].sum() == found.observed.sum()
    chance = np.array(expected["p"])
    # The case's tolerance, and two errors of the 199 dealings that R itself made.
    by_dealing = 2 * np.sqrt(found.p_value * (1 - found.p_value) / 200)
    assert (np.abs(found.p_value - chance) <= told["tolerance"]["p"]["abs"] + by_dealing).all()
    sure = (found.p_value < 0.01) | (found.p_value > 0.99)
    assert sure.any()
    assert found.p_value[sure] == pytest.approx(chance[sure], **told["tolerance"]["p"])


def test_a_pair_at_a_break_belongs_to_the_class_above():
    places = np.array([[0.0, 0.0], [10.0, 0.0]])

    found = knox_test(
        places, np.array([0.0, 5.0]), distance_breaks=[0, 10, 20], time_breaks=[0, 5, 10]
    )

    assert found.observed.tolist() == [[0, 0], [0, 1]]


def test_a_distance_without_any_pair_has_no_ratio():
    places = np.array([[0.0, 0.0], [99.0, 0.0], [500.0, 0.0]])

    found = knox_test(places, np.arange(3.0), distance_breaks=[0, 1], time_breaks=[0, 9])

    assert np.isnan(found.ratio).all()
    assert found.p_value.tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("places", "days", "breaks", "words"),
    [
        ([[0.0, 0.0], [np.nan, 1.0]], [0.0, 1.0], [0, 1], "event 1"),
        ([[0.0, 0.0]], [0.0], [0, 1], "at least 2"),
        ([[0.0, 0.0], [1.0, 1.0]], [0.0, 1.0], [1, 0], "rise"),
    ],
)
def test_what_has_no_near_repeats_to_count_is_refused(places, days, breaks, words):
    with pytest.raises(AnalysisError, match=words):
        knox_test(np.array(places), np.array(days), distance_breaks=breaks, time_breaks=[0, 1])


@pytest.mark.parametrize(("distance", "order"), [("euclidean", 2), ("manhattan", 1)])
def test_pairs_are_those_counted_one_by_one_wherever_on_the_map(distance, order):
    rng = np.random.default_rng(8)
    places, days = rng.uniform(5_000, 5_300, (60, 2)), rng.integers(0, 40, 60).astype(float)
    near, soon = [0, 40, 90, 150], [0, 7, 21]

    found = knox_test(
        *(places, days),
        distance_breaks=near,
        time_breaks=soon,
        distance=distance,
        permutations=19,
    )

    one, other = np.triu_indices(60, 1)
    apart = np.linalg.norm(places[one] - places[other], ord=order, axis=1)
    by_hand, *_ = np.histogram2d(apart, np.abs(days[one] - days[other]), bins=[near, soon])
    # Whole days may lie on the last break, which belongs to no class.
    last = (np.abs(days[one] - days[other]) == soon[-1]) & (apart < near[-1])
    by_hand[:, -1] -= np.histogram(apart[last], near)[0]
    assert found.observed.tolist() == by_hand.tolist()
