"""Expected numbers: the BCG vaccine trials as metafor summarises them."""

import numpy as np
import pandas as pd
import pytest

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
