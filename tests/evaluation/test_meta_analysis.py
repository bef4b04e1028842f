"""Expected numbers: the BCG vaccine trials as metafor summarises them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.errors import AnalysisError
from labtools.evaluation.meta_analysis import combine_effects


@pytest.fixture
def trials(reference):
    told = reference("meta_bcg.json")
    cases, without, compared, rest = np.array(told["counts"], float).T
    treated, control = cases + without, compared + rest
    effects = pd.Series(np.log(cases / treated / (compared / control)))
    errors = pd.Series(np.sqrt(1 / cases - 1 / treated + 1 / compared - 1 / control))
    return effects, errors, told


def test_reml_with_knapp_and_hartungs_interval_is_that_of_metafor(trials):
    effects, errors, told = trials

    got = combine_effects(effects, errors)

    # The published numbers have four decimals.
    assert got.effect == pytest.approx(told["reml"]["effect"], abs=5e-5)
    assert got.tau2 == pytest.approx(told["reml"]["tau2"], abs=5e-5)
    assert got.se == pytest.approx(told["reml"]["se_knha"], abs=5e-5)
    assert got.lower == pytest.approx(told["reml"]["lower_knha"], abs=5e-5)
    assert got.upper == pytest.approx(told["reml"]["upper_knha"], abs=5e-5)
    assert got.q == pytest.approx(told["reml"]["q"], abs=5e-5)


def test_dersimonian_and_laird_is_that_of_metafor(trials):
    effects, errors, told = trials

    got = combine_effects(effects, errors, between="DL")

    assert got.effect == pytest.approx(told["dl"]["effect"], abs=5e-5)
    assert got.tau2 == pytest.approx(told["dl"]["tau2"], abs=5e-5)


def test_equal_estimates_leave_no_variance_between_and_their_errors_pool():
    got = combine_effects(pd.Series([-0.2] * 4), pd.Series([0.1] * 4))

    assert got.tau2 == 0
    assert got.effect == pytest.approx(-0.2)
    assert got.se == pytest.approx(0.05)


def test_one_estimate_is_no_summary():
    with pytest.raises(AnalysisError, match="at least two"):
        combine_effects(pd.Series([-0.2]), pd.Series([0.1]))


def test_an_estimate_without_error_is_refused():
    with pytest.raises(AnalysisError, match="1 lack"):
        combine_effects(pd.Series([-0.2, 0.1]), pd.Series([0.1, np.nan]))


@pytest.mark.parametrize("between", ["REML", "DL"])
def test_of_studies_of_one_error_all_is_told_by_the_variance_of_their_effects(between):
    effects, error = pd.Series([-0.5, -0.1, 0.0, 0.3, -0.4]), 0.1
    mean, variance, k = effects.mean(), effects.var(), 5

    got = combine_effects(effects, pd.Series([error] * k), between=between, level=0.9)

    tau2, se = variance - error**2, np.sqrt(variance / k)
    reach, wide = stats.t.ppf(0.95, k - 1) * se, stats.t.ppf(0.95, k - 2) * np.sqrt(tau2 + se**2)
    assert (got.effect, got.tau2, got.se) == pytest.approx((mean, tau2, se), rel=1e-6)
    assert (got.lower, got.upper) == pytest.approx((mean - reach, mean + reach), rel=1e-6)
    assert got.predicted_lower == pytest.approx(mean - wide, rel=1e-6)
    assert got.predicted_upper == pytest.approx(mean + wide, rel=1e-6)
    assert got.q == pytest.approx((k - 1) * variance / error**2)
    assert got.q_p == pytest.approx(stats.chi2.sf(got.q, k - 1))
    assert got.i2 == pytest.approx(tau2 / variance, rel=1e-6)
    assert got.p == pytest.approx(stats.ttest_1samp(effects, 0).pvalue, rel=1e-6)
    assert got.studies == 5


def test_two_studies_have_a_summary_and_no_prediction():
    got = combine_effects(pd.Series([-0.2, 0.1]), pd.Series([0.1, 0.1]))

    assert np.isfinite(got.lower)
    assert np.isnan([got.predicted_lower, got.predicted_upper]).all()


@pytest.mark.parametrize(
    ("effect", "error"), [(np.nan, 0.1), (np.inf, 0.1), (0.1, 0.0), (0.1, -0.1), (0.1, np.inf)]
)
def test_what_is_no_estimate_is_counted_and_refused(effect, error):
    with pytest.raises(AnalysisError, match="Of 3 estimates, 1 lack"):
        combine_effects(pd.Series([-0.2, effect, 0.3]), pd.Series([0.1, error, 0.2]))


def test_an_unknown_way_is_refused_with_those_there_are():
    with pytest.raises(AnalysisError, match=r"“ML” is no way .* REML and DL"):
        combine_effects(pd.Series([-0.2, 0.1]), pd.Series([0.1, 0.1]), between="ML")


def test_three_studies_have_a_prediction_by_one_degree_of_freedom():
    effects = pd.Series([-0.5, 0.1, 0.6])

    got = combine_effects(effects, pd.Series([0.1] * 3))

    spread = np.sqrt(got.tau2 + got.se**2)
    assert got.predicted_upper == pytest.approx(got.effect + stats.t.ppf(0.975, 1) * spread)


def test_errors_are_those_of_the_study_of_the_same_name_and_agreement_makes_none_smaller():
    effects = pd.Series([0.1, 0.12, 0.11], ["a", "b", "c"])
    errors = pd.Series([0.3, 0.1, 0.2], ["c", "a", "b"])

    got = combine_effects(effects, errors)

    # Nothing lies between them: precisions 100, 25 and 11.1 add up, and no factor is below one.
    precision = np.array([100, 25, 1 / 0.09])
    assert got.tau2 == 0
    assert got.effect == pytest.approx(precision @ effects / precision.sum())
    assert got.se == pytest.approx(1 / np.sqrt(precision.sum()))
