import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.analysis.change import compare_windows
from labtools.analysis.dispersion import dispersion_by_size
from labtools.errors import AnalysisError

N_AREAS = 200


def windows(**pairs: tuple[float, float]) -> tuple[pd.Series, pd.Series]:
    table = pd.DataFrame(pairs, index=["before", "now"], dtype=float).T
    return table["before"], table["now"]


def draw(rng, mean, dispersion, shape):
    """Counts with the given mean and variance over mean."""
    if dispersion == 1:
        return rng.poisson(mean, shape)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion, shape)


@pytest.mark.parametrize(("before", "now"), [(0, 5), (3, 9), (12, 4), (40, 41), (7, 7), (6, 0)])
def test_without_overdispersion_the_test_is_the_exact_binomial_one(before, now):
    row = compare_windows(*windows(a=(before, now))).table.loc["a"]

    exact = stats.binomtest(now, before + now, 0.5)
    limits = exact.proportion_ci(0.95, method="exact")
    assert row["p_value"] == pytest.approx(exact.pvalue)
    assert row["lower"] == pytest.approx(limits.low / (1 - limits.low))
    if before:
        assert row["upper"] == pytest.approx(limits.high / (1 - limits.high))
    else:
        assert np.isnan([row["upper"], row["ratio"]]).all()


def test_overdispersed_counts_count_as_fewer_events():
    row = compare_windows(*windows(a=(30, 60)), dispersion=3).table.loc["a"]

    fewer = compare_windows(*windows(a=(10, 20))).table.loc["a"]
    columns = ["ratio", "lower", "upper", "p_value"]
    pd.testing.assert_series_equal(row[columns], fewer[columns])


def test_each_area_may_have_its_own_dispersion_in_any_order():
    before, now = windows(a=(30, 60), b=(30, 60))

    table = compare_windows(before, now, dispersion=pd.Series({"b": 1.0, "a": 3.0})).table

    apart = [compare_windows(before, now, dispersion=d).table.loc["a"] for d in (3.0, 1.0)]
    columns = ["lower", "upper", "p_value"]
    assert table[columns].to_numpy() == pytest.approx(np.array([one[columns] for one in apart]))


def test_rounding_noise_widens_every_interval():
    pair = windows(a=(30, 60), b=(3, 3), c=(300, 240))

    plain, noisy = (compare_windows(*pair, noise_variance=v).table for v in (0.0, 16 / 3))

    assert (noisy["lower"] < plain["lower"]).all()
    assert (noisy["upper"] > plain["upper"]).all()
    assert (noisy["p_value"] >= plain["p_value"]).all()


def test_an_unknown_count_gives_an_unknown_verdict_and_is_not_judged_with_the_others():
    pair = windows(a=(np.nan, 50), b=(50, np.nan), c=(10, 60))

    table = compare_windows(*pair).table

    assert table["verdict"].to_list() == ["unknown", "unknown", "increase"]
    assert (
        table.loc[["a", "b"], ["ratio", "lower", "upper", "p_value", "q_value"]]
        .isna()
        .all(axis=None)
    )
    assert table.loc["c", "q_value"] == table.loc["c", "p_value"]


def test_nothing_before_and_nothing_now_is_no_change():
    row = compare_windows(*windows(a=(0, 0))).table.loc["a"]

    assert row["verdict"] == "none"
    assert row[["ratio", "lower", "upper", "p_value", "q_value"]].isna().all()


def test_many_areas_are_judged_together_by_benjamini_and_hochberg():
    # Before and now swap places in the last one: a decrease of the same size.
    pair = windows(a=(10, 30), b=(11, 24), c=(10, 11), d=(30, 10))

    table = compare_windows(*pair).table

    p = table["p_value"]
    assert table["q_value"].to_list() == pytest.approx(
        [p["a"] * 2, p["b"] * 4 / 3, p["c"], p["d"] * 2]
    )
    assert table["verdict"].to_list() == ["increase", "none", "none", "decrease"]
    # Alone, the second would have been called an increase.
    assert p["b"] < 0.05 < table.loc["b", "q_value"]


def test_the_two_windows_must_be_of_the_same_areas():
    before, now = windows(a=(1, 2), b=(3, 4))

    with pytest.raises(AnalysisError, match=r"2 areas before and 1 now.*Align them"):
        compare_windows(before, now[["a"]])


def quarters(rng, mean, dispersion):
    return pd.DataFrame(draw(rng, mean, dispersion, (N_AREAS, 12)))


@pytest.mark.parametrize("mean", [3, 12, 60, 300])
@pytest.mark.parametrize("dispersion", [1, 2, 4])
def test_where_nothing_changed_false_alarms_stay_below_their_limit(mean, dispersion):
    rng = np.random.default_rng([mean, dispersion])
    below, alarms, naive = [], [], []
    for _ in range(10):
        counts = quarters(rng, mean / 4, dispersion)
        before, now = counts.iloc[:, 4:8].sum(axis=1), counts.iloc[:, 8:].sum(axis=1)
        table = compare_windows(before, now, dispersion=dispersion_by_size(counts)).table
        below += list(table["p_value"] < 0.05)
        alarms += list(table["verdict"].isin(["increase", "decrease"]))
        naive += list((now - before).abs() > 0.2 * before)

    # 2,000 comparisons: the standard error of a share of 0.05 is 0.005.
    assert np.mean(below) <= 0.05 + 3 * 0.005
    assert np.mean(alarms) <= 0.002
    # The traffic light of ±20 % would have lit up for nothing, most where counts are small.
    assert np.mean(naive) > (0.25 if mean < 60 else 0.01)


@pytest.mark.parametrize("law", ["negative binomial", "same dispersion everywhere"])
def test_false_alarms_stay_below_their_limit_in_the_largest_areas_too(law):
    rng = np.random.default_rng(len(law))
    below, size, cities = [], [], 40
    any_alarm = 0
    for _ in range(cities):
        mean = np.tile(rng.lognormal(np.log(10), 0.8, (N_AREAS, 1)), 12)
        shape = 13 if law == "negative binomial" else mean
        counts = pd.DataFrame(rng.negative_binomial(shape, shape / (shape + mean)), dtype=float)
        before, now = counts.iloc[:, 4:8].sum(axis=1), counts.iloc[:, 8:].sum(axis=1)
        table = compare_windows(before, now, dispersion=dispersion_by_size(counts)).table
        below += list(table["p_value"] < 0.05)
        size += list(mean[:, 0])
        any_alarm += table["verdict"].isin(["increase", "decrease"]).any()

    # 800 comparisons for each tenth of the areas: standard error 0.008; 40 cities: 0.034.
    by_tenth = pd.Series(below).groupby(pd.qcut(size, 10, labels=False)).mean()
    assert by_tenth.max() <= 0.05 + 3 * 0.008
    assert any_alarm / cities <= 0.05 + 3 * 0.034


def test_a_change_that_did_happen_is_found():
    rng = np.random.default_rng(8)
    counts = quarters(rng, 15.0, 2.0)
    counts.iloc[:20, 8:] = draw(rng, 45.0, 2, (20, 4))
    before, now = counts.iloc[:, 4:8].sum(axis=1), counts.iloc[:, 8:].sum(axis=1)

    table = compare_windows(before, now, dispersion=dispersion_by_size(counts)).table

    assert (table["verdict"][:20] == "increase").sum() >= 15
    assert (table["verdict"][20:] != "none").sum() <= 3


@pytest.mark.parametrize("dispersion", [1, 3])
def test_the_interval_holds_the_true_ratio_at_least_as_often_as_it_says(dispersion):
    rng = np.random.default_rng(9)
    before = pd.Series(draw(rng, 40.0, dispersion, 4_000), dtype=float)
    now = pd.Series(draw(rng, 60.0, dispersion, 4_000), dtype=float)

    table = compare_windows(before, now, dispersion=dispersion).table

    held = (table["lower"] <= 1.5) & (table["upper"].fillna(np.inf) >= 1.5)
    # The standard error of the share is 0.0035.
    assert held.mean() >= 0.95 - 0.01


def test_with_part_recorded_the_test_is_the_binomial_one_of_that_share():
    row = compare_windows(*windows(a=(40, 22)), complete=0.7).table.loc["a"]

    exact = stats.binomtest(22, 62, 0.7 / 1.7)
    tails = (exact_tail(22, 62, 0.7 / 1.7), stats.binom.sf(21, 62, 0.7 / 1.7))
    assert row["p_value"] == pytest.approx(2 * min(tails))
    limits = exact.proportion_ci(0.95, method="exact")
    assert row["lower"] == pytest.approx(limits.low / (1 - limits.low) / 0.7)
    assert row["ratio"] == pytest.approx(22 / 40 / 0.7)
    assert (row["before"], row["now"]) == (40, 22)


def exact_tail(k, n, share):
    return stats.binom.cdf(k, n, share)


def test_records_still_to_come_make_no_decrease_and_hide_no_increase():
    pair = windows(late=(400, 320), rose=(100, 140), fell=(400, 200))

    blind, aware = (compare_windows(*pair, complete=c).table["verdict"] for c in (1.0, 0.8))

    assert blind.to_dict() == {"late": "decrease", "rose": "increase", "fell": "decrease"}
    assert aware.to_dict() == {"late": "none", "rose": "increase", "fell": "decrease"}


@pytest.mark.parametrize("complete", [0.0, 1.2, np.nan])
def test_a_share_that_is_none_is_refused(complete):
    with pytest.raises(AnalysisError, match="above 0 and up to 1"):
        compare_windows(*windows(a=(3, 4)), complete=complete)


def test_noise_of_one_event_counts_as_dispersion_of_its_mean():
    # Half an event in each window: a noise of 2 is four times its mean.
    pair = windows(a=(0, 1), b=(1, 0))

    noisy, spread = compare_windows(*pair, noise_variance=2.0), compare_windows(*pair, dispersion=5)

    columns = ["lower", "upper", "p_value"]
    pd.testing.assert_frame_equal(noisy.table[columns], spread.table[columns])


def test_limits_are_of_the_level_asked_for():
    row = compare_windows(*windows(a=(12, 20)), level=0.8).table.loc["a"]

    limits = stats.binomtest(20, 32, 0.5).proportion_ci(0.8, method="exact")
    assert row["lower"] == pytest.approx(limits.low / (1 - limits.low))
    assert row["upper"] == pytest.approx(limits.high / (1 - limits.high))
