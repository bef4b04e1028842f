import numpy as np
import pandas as pd
import pytest

from labtools.analysis.hotspots.scan import besag_newell, scan_areas, scan_recent
from labtools.analysis.hotspots.zones import nested_zones
from labtools.errors import AnalysisError

PITTSBURGH = (1, 3, 9, 25, 29, 62, 64)
SIDE = 8
AREAS = [f"c{i:02}" for i in range(SIDE**2)]
PLACES = pd.DataFrame(
    [(i, j) for i in range(SIDE) for j in range(SIDE)], index=AREAS, columns=["x", "y"]
)


@pytest.fixture
def counties(oracle):
    return oracle("pennLC.csv")


def test_the_poisson_clusters_are_those_of_spatialepi(counties):
    # SpatialEpi bounds its circles by population, and its expected counts follow age.
    found = scan_areas(
        counties["cases"], counties["expected"], counties[["x", "y"]], null="poisson"
    ).clusters

    assert list(found["areas"][:2]) == [(22, 50), PITTSBURGH]
    assert found["observed"][:2].to_list() == [1900, 2359]
    assert found["expected"][0] == pytest.approx(1673.64866678906, rel=1e-6)
    assert found["likelihood_ratio"][:2].to_list() == pytest.approx(
        [17.6628831253954, 7.09894423264595], rel=1e-6
    )
    assert found["p_value"][:2].to_list() == pytest.approx([0.001, 0.035], abs=0.01)


def test_the_bernoulli_clusters_are_those_of_spatialepi(counties):
    found = scan_areas(
        counties["cases"], counties["population"], counties[["x", "y"]], null="bernoulli"
    ).clusters

    assert list(found["areas"][:2]) == [PITTSBURGH, (22, 50)]
    assert found["expected"][0] == pytest.approx(2008.22286043201, rel=1e-6)
    assert found["likelihood_ratio"][:2].to_list() == pytest.approx(
        [36.5705106083396, 9.65777862569007], rel=1e-6
    )
    assert found["p_value"][:2].to_list() == pytest.approx([0.001, 0.005], abs=0.01)


def test_besag_and_newells_clusters_are_those_of_spatialepi(counties, reference):
    told = reference("besag_newell_pennsylvania.json")
    found = besag_newell(counties["cases"], counties["expected"], counties[["x", "y"]], k=1250)

    assert found["p_value"].to_list() == pytest.approx(told["p"], rel=1e-6, abs=1e-12)
    assert found["areas_needed"].to_list() == told["m"]
    assert (found["p_value"] < 0.05).sum() == 17


def counts(rng, size, raised=()):
    mean = pd.Series(30.0, index=AREAS)
    mean[list(raised)] *= 1.8
    return mean * 0 + rng.poisson(mean * rng.gamma(size, 1 / size, len(mean)))


def test_counts_that_vary_beyond_poisson_are_no_cluster_under_the_default_null():
    rng, maps, false = np.random.default_rng(3), 60, {"negative binomial": 0, "poisson": 0}
    flat = pd.Series(30.0, index=AREAS)

    for _ in range(maps):
        events = counts(rng, size=10)
        for null in false:
            found = scan_areas(events, flat, PLACES, null=null, replicates=99)
            false[null] += found.clusters["p_value"][0] <= 0.05

    assert false["negative binomial"] / maps <= 0.15
    assert false["poisson"] / maps > 0.8


def test_a_planted_cluster_is_found_where_it_lies():
    planted = [AREAS[i] for i in (10, 17, 18, 19, 26)]
    events = counts(np.random.default_rng(4), size=40, raised=planted)

    best = scan_areas(events, pd.Series(30.0, index=AREAS), PLACES).clusters.iloc[0]

    assert set(planted) <= set(best["areas"])
    assert best["p_value"] <= 0.05


def test_a_cluster_of_the_last_two_periods_is_dated():
    rng = np.random.default_rng(6)
    events = pd.DataFrame(rng.poisson(5.0, (SIDE**2, 12)), index=AREAS).astype(float)
    hot = [AREAS[i] for i in (10, 17, 18, 19, 26)]
    events.loc[hot, [10, 11]] += 9
    expected = events * 0 + 1.0

    best = scan_recent(events, expected, PLACES, null="poisson", replicates=99).clusters.iloc[0]

    assert (best["areas"], best["periods"]) == (tuple(hot), 2)
    assert best["p_value"] == 0.01


def test_a_missing_count_is_refused_by_name():
    events = pd.Series(1.0, index=AREAS)
    events["c05"] = np.nan

    with pytest.raises(AnalysisError, match="first is c05"):
        scan_areas(events, pd.Series(1.0, index=AREAS), PLACES)


def test_no_events_at_all_are_refused():
    with pytest.raises(AnalysisError, match="nothing to scan"):
        scan_areas(pd.Series(0.0, index=AREAS), pd.Series(1.0, index=AREAS), PLACES)


def test_more_events_than_there_are_is_refused():
    one = pd.Series(1.0, index=AREAS)

    with pytest.raises(AnalysisError, match="there are 64"):
        besag_newell(one, one, PLACES, k=100)


def test_an_area_where_nothing_is_expected_and_nothing_happens_changes_no_cluster():
    rng = np.random.default_rng(21)
    expected = pd.Series(5.0, AREAS)
    events = pd.Series(rng.poisson(5.0, len(AREAS)).astype(float), AREAS)
    events[["c09", "c10", "c17", "c18"]] += 12
    far = pd.DataFrame({"x": [90.0], "y": [90.0]}, index=["empty"])

    alone = scan_areas(events, expected, PLACES, null="poisson").clusters
    with_it = scan_areas(
        pd.concat([events, pd.Series(0.0, ["empty"])]),
        pd.concat([expected, pd.Series(0.0, ["empty"])]),
        pd.concat([PLACES, far]),
        null="poisson",
    ).clusters

    assert set(alone["areas"][0]) <= {"c09", "c10", "c17", "c18"}
    assert with_it["areas"][0] == alone["areas"][0]
    assert with_it["likelihood_ratio"][0] == pytest.approx(alone["likelihood_ratio"][0])


def test_people_are_no_null_for_counts_in_time():
    table = pd.DataFrame(1.0, AREAS, range(5))

    with pytest.raises(AnalysisError, match="and 5 periods were given"):
        scan_recent(table, table, PLACES, null="bernoulli")


@pytest.mark.parametrize("null", ["poisson", "negative binomial"])
def test_a_p_value_of_a_scan_is_one_of_a_thousand(null):
    rng = np.random.default_rng(12)
    events = pd.Series(rng.poisson(20, len(AREAS)).astype(float), AREAS)

    found = scan_areas(events, events * 0 + 20.0, PLACES, null=null).clusters

    assert (found["p_value"] * 1000).to_numpy() == pytest.approx(
        (found["p_value"] * 1000).round().to_numpy()
    )
    assert found["p_value"].min() >= 1 / 1000


def test_zones_hold_half_of_the_weight_at_most_and_each_set_of_areas_is_kept_once():
    line = np.array([[0.0, 0], [1, 0], [3, 0], [4, 0]])

    two, four, lone = (
        nested_zones(line[: len(weight)], np.array(weight))
        for weight in ([1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 4.0, 1.0])
    )

    # Of two alike each is half: no zone has both, and no place is kept for a second.
    assert (two.order.tolist(), two.kept.tolist()) == ([[0], [1]], [[True], [True]])
    # Four areas and two pairs; either area of a pair is a centre of it, the first is kept.
    assert four.order.tolist() == [[0, 1], [1, 0], [2, 3], [3, 2]]
    assert four.kept.tolist() == [[True, True], [True, False], [True, True], [True, False]]
    assert four.sums(np.array([1.0, 2, 4, 8])).tolist() == [1, 3, 2, 4, 12, 8]
    # An area of four sevenths is in no zone, and no zone reaches beyond it.
    assert lone.kept.tolist() == [[True, True], [True, False], [False, False], [True, False]]
