"""What is too little to tell anything is refused, with how much there is and the first case."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.analysis.forecast.place_based import place_accuracy
from labtools.analysis.harm import weigh_harm
from labtools.analysis.hotspots.emerging import emerging_clusters
from labtools.analysis.perception.area_shares import _check, _check_neighbours
from labtools.analysis.persistence import tell_persistence
from labtools.analysis.ranks import chance_among_most, in_whole_tenths, place_intervals, tiers
from labtools.analysis.risk_terrain import poisson_lasso
from labtools.errors import AnalysisError


def rng():
    return np.random.default_rng(1)


def test_three_windows_tell_persistence_and_two_do_not():
    counts = pd.DataFrame(np.full((4, 3), 5.0))
    people = pd.Series([10.0, 10.0, 0.0, 10.0])

    found = tell_persistence(counts, people, rng=rng())

    assert found.kinds[[0, 1, 3]].to_list() == ["never"] * 3
    assert found.kinds.isna().to_list() == [False, False, True, False]
    assert found.found.to_dict() == {
        **dict.fromkeys(("chronic", "emerging", "fading", "occasional"), 0.0),
        "never": 3.0,
    }
    assert found.by_chance.sum() == pytest.approx(3)
    assert found.alike.sum() == pytest.approx(3)
    with pytest.raises(AnalysisError, match="needs at least 3 windows, and there are 2"):
        tell_persistence(counts[[0, 1]], people, rng=rng())


def test_kinds_follow_from_where_a_place_stood_above_the_city():
    # Thirty plain places, and four that stand out in all windows, the last, the first, the middle.
    counts = pd.DataFrame(np.full((34, 3), 20.0))
    counts.iloc[:4] = [[90, 90, 90], [20, 20, 90], [90, 20, 20], [20, 90, 20]]

    found = tell_persistence(counts, pd.Series(1.0, counts.index), rng=rng())

    assert found.kinds[:4].to_list() == ["chronic", "emerging", "fading", "occasional"]
    assert (found.kinds[4:] == "never").all()
    assert found.found.to_list() == [1, 1, 1, 1, 30]


@pytest.mark.parametrize(
    ("forecast", "events", "told"),
    [
        ([1.0, np.nan, 2.0], [1.0, np.nan, 3.0], "1 places lack a .* there were 4.0 events"),
        ([1.0, 4.0, 2.0], [0.0, 0.0, 0.0], "0 places lack a .* there were 0.0 events"),
        ([1.0, np.nan, 2.0], [np.nan, 1.0, 3.0], "2 places lack a .* there were 4.0 events"),
    ],
)
def test_places_without_a_forecast_or_a_count_are_counted(forecast, events, told):
    with pytest.raises(AnalysisError, match=told):
        place_accuracy(pd.Series(forecast), pd.Series(events), share=0.5)


def test_places_without_area_are_counted_and_areas_weigh_what_was_pointed_at():
    forecast, events = pd.Series([3.0, 2.0, 1.0, 0.0]), pd.Series([4.0, 1.0, 5.0, 0.0])
    areas = pd.Series([0.5, 1.5, 1.0, 1.0])

    found = place_accuracy(forecast, events, share=0.5, areas=areas)

    # Two of four places, half of the area, hold half of the events; nine tenths could be.
    assert found.chosen == 2
    assert found.hit_rate == pytest.approx(0.5)
    assert found.accuracy_index == pytest.approx(0.5 / 0.5)
    assert found.efficiency_index == pytest.approx(5 / 9)
    assert place_accuracy(forecast, events, share=0.01).chosen == 1
    with pytest.raises(AnalysisError, match="and 2 have none"):
        place_accuracy(forecast, events, share=0.5, areas=areas.mask(areas == 1.0, 0.0))


@pytest.mark.parametrize("months", [11, 12])
def test_what_is_new_needs_a_year_of_months(months):
    at = rng()
    areas = [f"a{k}" for k in range(12)]
    counts = pd.DataFrame(at.poisson(9.0, (12, months)).astype(float), areas)
    places = pd.DataFrame(at.random((12, 2)), areas, ["x", "y"])

    if months < 12:
        with pytest.raises(AnalysisError, match="needs 12 months of counts, and there are 11"):
            emerging_clusters(counts, pd.Series(100.0, areas), places, replicates=99)
        return
    found = emerging_clusters(counts, pd.Series(100.0, areas), places, replicates=99)
    assert (found.clusters["p_value"] >= 1 / 100).all()


def test_the_model_of_shares_takes_three_thousand_areas_and_names_the_first_wrong_one():
    many = pd.DataFrame({"x": np.zeros(3_000)}, [f"a{k}" for k in range(3_000)])
    asked = np.full(3_000, 4.0)

    _check(asked / 2, asked, many)
    _check(asked * 0, asked, many)
    _check(asked, asked, many)
    with pytest.raises(AnalysisError, match="up to 3,000 areas at once, and there are 3,001"):
        _check(np.ones(3_001), np.ones(3_001), many.reindex([*many.index, "z"], fill_value=0.0))
    with pytest.raises(AnalysisError, match=r"2 areas lack .* first: a7\)"):
        _check(asked, asked, many.mask(many.index.isin(["a7", "a9"])[:, None]))
    wrong = asked.copy()
    wrong[[5, 8]] = [4.1, -0.1]
    with pytest.raises(AnalysisError, match=r"2 areas have .* first: a5\)"):
        _check(wrong, asked, many)
    with pytest.raises(AnalysisError, match=r"0 areas have .* first: -\)"):
        _check(asked * 0, asked * 0, many)
    _check_neighbours(np.eye(3), 3)
    _check_neighbours(None, 3)
    with pytest.raises(AnalysisError, match="of 4 areas and the covariates are of 3"):
        _check_neighbours(np.eye(4), 3)


def test_codes_without_a_weight_are_left_out_and_none_with_one_is_refused():
    counts = pd.DataFrame({"a": [4.0, 0.0, 2.0], "b": [0.0, 1.0, 9.0], "c": [7.0, 7.0, 7.0]})

    found = weigh_harm(counts, pd.Series({"b": 100.0, "a": 10.0}), rng=rng())

    assert found["events"].to_list() == [4.0, 1.0, 11.0]
    assert found["harm"].to_list() == [40.0, 100.0, 920.0]
    assert found.columns.to_list() == [
        *("events", "harm", "lower", "upper", "best_place", "worst_place"),
        *("doubt_lower", "doubt_upper"),
    ]
    # Most harm whichever way; all alike the first is above the second, by days below it.
    assert found["best_place"].to_list() == [0.0, 0.0, 1.0]
    assert found["worst_place"].to_list() == [0.5, 0.5, 1.0]
    assert (found["lower"] < found["harm"]).all()
    assert (found["upper"] > found["harm"]).all()
    with pytest.raises(AnalysisError, match="None of the 3 crime codes"):
        weigh_harm(counts, pd.Series({"z": 1.0}), rng=rng())
    alone = weigh_harm(counts.iloc[:1], pd.Series({"a": 10.0}), rng=rng())
    assert alone[["best_place", "worst_place"]].to_numpy().tolist() == [[0.0, 0.0]]


def test_the_limits_of_harm_are_those_of_jeffreys_gamma():
    counts = pd.DataFrame({"a": np.full(400, 6.0)})

    found = weigh_harm(counts, pd.Series({"a": 10.0}), rng=rng())

    # 999 draws in each of 400 places: the mean of their limits is within a hundredth.
    exact = 10 * stats.gamma.ppf([0.025, 0.975], 6.5)
    assert found["lower"].mean() == pytest.approx(exact[0], rel=0.01)
    assert found["upper"].mean() == pytest.approx(exact[1], rel=0.01)


@pytest.mark.parametrize(
    ("events", "exposure", "told"),
    [
        ([1.0, np.nan, 2.0], [1.0, 1.0, 0.0], "2 places lack one, the first is q"),
        ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], "0 places lack one, the first is —"),
    ],
)
def test_a_terrain_without_whole_tables_is_refused_with_the_first_place(events, exposure, told):
    places = ["p", "q", "r"]
    layers = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, places)

    with pytest.raises(AnalysisError, match=told):
        poisson_lasso(pd.Series(events, places), layers, pd.Series(exposure, places), [0.1])


@pytest.mark.parametrize(("k", "enough"), [(0, False), (1, True), (3, True), (4, False)])
def test_from_one_to_all_areas_may_be_the_most_affected(k, enough):
    draws = pd.DataFrame({"a": [3.0, 3.0], "b": [2.0, 3.0], "c": [1.0, 1.0], "d": [np.nan, 9.0]})

    if not enough:
        with pytest.raises(AnalysisError, match=f"The {k} most affected .* and 3 areas"):
            chance_among_most(draws, k)
        return
    told = {1: [0.75, 0.25, 0.0], 3: [1.0, 1.0, 1.0]}[k]
    assert chance_among_most(draws, k).to_list()[:3] == told
    assert np.isnan(chance_among_most(draws, k)["d"])


def test_tiers_open_where_nine_in_ten_draws_lie_below_and_not_before():
    lower = np.where(np.arange(10) < 9, 1.0, 3.0)
    draws = pd.DataFrame({"a": np.full(10, 2.0), "b": lower, "c": np.full(10, np.nan)})

    assert tiers(draws).to_list()[:2] == [1, 2]
    assert tiers(draws, certainty=0.91).to_list()[:2] == [1, 1]
    assert tiers(draws).isna().to_list() == [False, False, True]
    assert tiers(draws).dtype == "Int64"


def test_places_are_widened_to_whole_tenths_and_nobody_stands_alone():
    places = pd.DataFrame(
        {"lower_share": [0.0, 0.3, 0.31, 1.0, np.nan], "upper_share": [0.0, 0.3, 0.49, 1.0, np.nan]}
    )

    found = in_whole_tenths(places)

    assert found["lower_share"].to_list()[:4] == pytest.approx([0.0, 0.3, 0.3, 0.9])
    assert found["upper_share"].to_list()[:4] == pytest.approx([0.1, 0.4, 0.5, 1.0])
    assert found.iloc[4].isna().all()


def test_one_area_has_no_place_and_two_have_the_ends():
    draws = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 3.0]])

    one = place_intervals(draws[:, :1], pd.Index(["a"]))
    two = place_intervals(draws, pd.Index(["a", "b"]))

    assert one.isna().all(axis=None)
    assert two.to_numpy().tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert two.columns.to_list() == ["lower_share", "upper_share"]
