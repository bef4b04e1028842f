import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.analysis.rates import poisson_interval
from labtools.analysis.standardisation import direct_rates, indirect_ratios
from labtools.errors import AnalysisError

AGES = ["young", "grown", "old"]
STANDARD = pd.Series([50.0, 30.0, 20.0], AGES)


def table(**rows):
    return pd.DataFrame(rows, AGES, dtype=float).T


def test_a_place_with_the_standards_people_has_its_plain_rate_with_garwoods_limits():
    people = table(a=[5_000, 3_000, 2_000])

    row = direct_rates(table(a=[3, 5, 4]), people, STANDARD).loc["a"]

    # All weights alike: the gamma interval of Fay and Feuer is the exact one of Poisson.
    lower, upper = (limit[0] / 10 for limit in poisson_interval(np.array([12.0])))
    assert row.to_list() == pytest.approx([1.2, lower, upper])


def test_a_place_without_events_has_rate_zero_and_the_upper_limit_of_its_widest_weight():
    row = direct_rates(table(a=[0, 0, 0]), table(a=[1_000, 300, 100]), STANDARD, per=1).loc["a"]

    # The widest weight is that of the old: a fifth of the standard, a hundred people.
    assert row.to_list() == pytest.approx([0, 0, -np.log(0.025) * 0.2 / 100])


def test_the_rate_is_the_weighted_sum_and_its_limits_are_those_of_two_gamma_laws():
    events, people = table(a=[4, 9, 2]), table(a=[900, 2_500, 400])
    w = np.array([0.5, 0.3, 0.2]) / people.loc["a"].to_numpy()
    y, v, m = w @ [4, 9, 2], w**2 @ [4, 9, 2], w.max()

    row = direct_rates(events, people, STANDARD, per=1).loc["a"]

    low = stats.gamma.ppf(0.025, y**2 / v, scale=v / y)
    high = stats.gamma.ppf(0.975, (y + m) ** 2 / (v + m**2), scale=(v + m**2) / (y + m))
    assert row.to_list() == pytest.approx([y, low, high])


def test_down_syndrome_by_age_of_the_mother_has_the_published_gamma_interval():
    # Fleiss (1981), table 14.4, births of order five and more; limits by the R package dsrTest
    # 1.0.0, method "gamma", on the example of Fay and Feuer (1997).
    ages = ["<20", "20-24", "25-29", "30-34", "35-39", "40+"]
    events = pd.DataFrame([[0, 8, 63, 112, 262, 295]], ["five"], ages)
    births = pd.DataFrame([[327, 30_666, 123_419, 149_919, 104_088, 34_392]], ["five"], ages)
    standard = pd.Series([319_933, 931_318, 786_511, 488_235, 237_863, 61_313], ages)

    row = direct_rates(events, births, standard, per=100_000).loc["five"]

    assert row.to_list() == pytest.approx([75.52901, 67.70212, 188.30017], rel=1e-6)


def test_the_interval_holds_the_true_rate_at_least_as_often_as_it_says():
    rng = np.random.default_rng(1)
    people = rng.lognormal(6, 1, (2_000, 3))
    truth = np.array([0.002, 0.004, 0.01])
    events = pd.DataFrame(rng.poisson(people * truth), columns=AGES)

    told = direct_rates(events, pd.DataFrame(people, columns=AGES), STANDARD, per=1)

    rate = truth @ [0.5, 0.3, 0.2]
    assert ((told["lower"] <= rate) & (rate <= told["upper"])).mean() >= 0.95


def test_a_stratum_without_people_or_count_leaves_a_place_without_rate_and_spoils_no_other():
    events = table(a=[1, 2, 3], b=[1, np.nan, 3], c=[1, 2, 3])
    people = table(a=[100, 0, 100], b=[100, 100, 100], c=[100, 100, 100])

    told = direct_rates(events, people, STANDARD)

    assert told.loc[["a", "b"]].isna().all(axis=None)
    assert told.loc["c"].notna().all()
    # A stratum that the standard lacks is not asked of anybody.
    without = pd.Series([50.0, 0.0, 20.0], AGES)
    assert direct_rates(events, people, without).loc["a"].notna().all()


def test_the_indirect_ratio_is_what_happened_over_what_the_standard_expects():
    people = table(a=[1_000, 500, 200], none=[0, 0, 0])

    told = indirect_ratios(
        pd.Series({"a": 0.0, "none": 1.0}), people, pd.Series([0.001, 0.002, 0.005], AGES)
    )

    assert told.loc["a", "expected"] == pytest.approx(3.0)
    assert told.loc["a", ["ratio", "lower"]].to_list() == [0, 0]
    assert told.loc["a", "upper"] == pytest.approx(-np.log(0.025) / 3)
    assert told.loc["none", ["ratio", "lower", "upper"]].isna().all()


def test_strata_that_differ_are_refused():
    with pytest.raises(AnalysisError, match="same areas and strata"):
        direct_rates(table(a=[1, 2, 3]), table(b=[1, 2, 3]), STANDARD)
