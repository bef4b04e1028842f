"""What is too little to tell anything is refused, with how much there is and the first case."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from labtools.analysis.aoristic import aoristic_weights
from labtools.analysis.forecast.place_based import place_accuracy
from labtools.analysis.harm import weigh_harm
from labtools.analysis.hotspots.emerging import emerging_clusters
from labtools.analysis.multiplicity import adjust_p_values
from labtools.analysis.perception.area_shares import _check, _check_neighbours
from labtools.analysis.persistence import tell_persistence
from labtools.analysis.ranks import chance_among_most, in_whole_tenths, place_intervals, tiers
from labtools.analysis.rates import crude_rates
from labtools.analysis.reporting import crime_draws
from labtools.analysis.risk.bym2 import fit_bym2
from labtools.analysis.risk.factors import prepare_traits
from labtools.analysis.risk_terrain import poisson_lasso
from labtools.analysis.standardisation import _of_the_same
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


def test_colonias_of_one_table_only_are_named_three_of_each():
    events, people = pd.Series(1.0, [*"abcde"]), pd.Series(1.0, [*"fedghi"])

    with pytest.raises(
        AnalysisError, match=r"only in events, a, b, and c; only in exposure, f, g, and h\."
    ):
        crude_rates(events, people)
    for name, pair in (
        ("events", (pd.Series([0.0, -1, -2], [*"abc"]), pd.Series(1.0, [*"abc"]))),
        ("exposure", (pd.Series(1.0, [*"abc"]), pd.Series([0.0, -1, -2], [*"abc"]))),
    ):
        with pytest.raises(AnalysisError, match=f"{name} has .* b"):
            crude_rates(*pair)


def test_a_p_value_outside_its_range_is_counted_and_the_first_is_named():
    p = pd.Series([0.0, 1.0, 1.5, -0.1], [*"wxyz"])

    with pytest.raises(AnalysisError, match=r"and 2 do not; the first is 1\.5, of y"):
        adjust_p_values(p)
    assert adjust_p_values(p[:2]).to_list() == [0.0, 1.0]


def test_permutations_must_be_able_to_reach_the_level_over_the_tests():
    p = pd.Series(np.full(10, 0.5))

    assert adjust_p_values(p, level=0.05, smallest_possible=0.005).eq(0.5).all()
    with pytest.raises(AnalysisError, match=r"With 10 tests, .* must not exceed 0\.005"):
        adjust_p_values(p, level=0.05, smallest_possible=0.0051)


def test_events_that_end_before_they_start_are_counted_and_the_first_is_named():
    start = pd.Series(pd.to_datetime(["2025-01-01 10:00"] * 4), [*"abcd"])
    end = start + pd.to_timedelta([0, -1, 2, -3], unit="h")

    with pytest.raises(AnalysisError, match="2 do, the first is b"):
        aoristic_weights(start, end)


@pytest.mark.parametrize("hours", [0, 2, 23, 24])
def test_an_event_is_shared_out_over_the_hours_it_may_have_happened_in(hours):
    start = pd.Series(pd.to_datetime(["2025-01-01 22:30"]))

    found = aoristic_weights(start, start + pd.Timedelta(hours=hours)).loc[0]

    if hours == 24:
        assert found.isna().all()
        return
    expected = {0: {22: 1.0}, 2: {22: 0.25, 23: 0.5, 0: 0.25}}.get(hours)
    if expected is None:
        # All hours but one whole one, told twice at both its ends.
        expected = {**dict.fromkeys(range(24), 1 / 23), 21: 0.5 / 23, 22: 0.5 / 23}
    assert found.sum() == pytest.approx(1)
    assert found[found > 0].to_dict() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        ([2.0, -1.0, -3.0], r"2 recorded .* in b: -1\.0"),
        ([0.0, 1e9, 1.1e9], r"1 recorded .* in c: 1.*100.*000.*000"),
    ],
)
def test_counts_that_no_place_records_are_refused_with_the_first(recorded, told):
    reporting = pd.DataFrame([[0.5, 0.5, 1.0]], columns=[*"abc"])

    with pytest.raises(AnalysisError, match=told):
        crime_draws(np.array(recorded), np.ones(3), reporting, rng=rng())
    found = crime_draws(np.array([2.0, 0.0, 5.0]), np.ones(3), reporting, rng=rng())
    assert found["c"].to_list() == [5.0]
    assert (found.loc[0, ["a", "b"]] >= [2, 0]).all()


@pytest.mark.parametrize("wrong", ["areas", "people", "strata", "standard", "negative", "empty"])
def test_standardising_needs_the_same_areas_and_strata_and_tells_how_many_there_are(wrong):
    areas, strata = [*"abc"], ["young", "old"]
    events = pd.DataFrame([[1.0, 2], [3, 4], [5, 6]], areas, strata)
    people = pd.DataFrame(10.0, areas[::-1], strata[::-1])
    standard = pd.Series([3.0, 1.0], strata)

    at_risk, weights = _of_the_same(events, people, standard)
    assert at_risk.index.to_list() == areas
    assert at_risk.columns.to_list() == weights.index.to_list() == strata
    changed = {
        "areas": (events[:2], people, standard),
        "people": (events, people[:2], standard),
        "strata": (events, people[["old"]], standard),
        "standard": (events, people, standard[:1]),
        "negative": (events, people, standard * [1, -1]),
        "empty": (events, people, standard * 0),
    }[wrong]
    told = [len(changed[0]), len(changed[1]), changed[1].shape[1], len(changed[2])]
    with pytest.raises(AnalysisError) as refused:
        _of_the_same(*changed)
    assert (
        f"There are {told[0]} areas with events and {told[1]} with people; {told[2]} strata of "
        f"people and {told[3]} of the standard"
    ) in str(refused.value)


@pytest.mark.parametrize(("areas", "enough"), [(5, True), (4, False)])
def test_five_areas_make_a_map_and_what_lacks_is_told(areas, enough):
    names = [f"a{k}" for k in range(areas)]
    events, people = pd.Series(3.0, names), pd.Series(10.0, names)
    alone = sparse.csr_array((areas, areas))

    if not enough:
        with pytest.raises(AnalysisError, match=r"there are 4 areas and 12\.0 events"):
            fit_bym2(events, people, alone, rng=rng())
        return
    found = fit_bym2(events, people, alone, rng=rng())
    assert found.draws.shape == (400, 5)
    assert found.table["seen"].all()
    with pytest.raises(AnalysisError, match="is of 4 areas and the counts are of 5"):
        fit_bym2(events, people, sparse.csr_array((4, 4)), rng=rng())
    with pytest.raises(AnalysisError, match=r"there are 5 areas and 0\.0 events"):
        fit_bym2(events * 0, people, alone, rng=rng())
    x = pd.DataFrame({"p": 1.0, "q": [1.0, np.nan, 2.0, np.nan, 3.0]}, names)
    with pytest.raises(AnalysisError, match="covariate q has no value in 2 areas; the first is a1"):
        fit_bym2(events, people, alone, rng=rng(), covariates=x)


def test_traits_known_in_half_of_the_areas_are_kept_standardised_and_their_gaps_counted():
    values = pd.DataFrame(
        {
            "half": [1.0, 3.0, np.nan, np.nan],
            "few": [1.0, np.nan, np.nan, np.nan],
            "still": [0.1 + 0.2, 0.3, 0.3, 0.3],
            "all": [4.0, 2.0, 1.0, 5.0],
        }
    )

    found = prepare_traits(values)

    assert found.table.columns.to_list() == ["half", "all"]
    assert found.table["half"].to_list() == pytest.approx([-np.sqrt(0.5), np.sqrt(0.5), 0, 0])
    assert found.table["all"].std(ddof=1) == pytest.approx(1)
    assert found.missing.to_dict() == {"half": 2, "all": 0}
    r = np.corrcoef(found.table["half"], found.table["all"])[0, 1]
    assert found.inflation.to_dict() == pytest.approx(
        dict.fromkeys(("half", "all"), 1 / (1 - r**2))
    )
    with pytest.raises(AnalysisError, match="None of the 2 traits"):
        prepare_traits(values[["few", "still"]])
    assert prepare_traits(values[["all"]]).inflation.to_list() == pytest.approx([1.0])
