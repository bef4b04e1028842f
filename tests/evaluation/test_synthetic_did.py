"""Expected numbers: diff-diff 3.13 and Arkhangelsky et al. (2021) on Proposition 99."""

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.synthetic_did import placebo_error, synthetic_difference


@pytest.fixture
def cigarettes(oracle):
    return oracle("prop99.csv").set_index("Year")


def test_californias_effect_is_that_of_the_reference(cigarettes):
    got = synthetic_difference(cigarettes, ["California"], 1989)

    # The reference is good to 0.15 packs; the paper prints -15.6.
    assert got.effect == pytest.approx(-15.60382787273387, abs=0.01)
    assert got.plain == pytest.approx(-27.349111083614922, rel=1e-6)
    assert got.places.sum() == pytest.approx(1)
    assert got.periods.sum() == pytest.approx(1)


def test_the_placebo_error_is_near_that_of_the_reference(cigarettes):
    got = placebo_error(cigarettes, ["California"], 1989, rng=np.random.default_rng(3), draws=30)

    # 30 draws: the reference's own tolerance of 35 % for its 200.
    assert got.se == pytest.approx(10.912483304424256, rel=0.35)
    assert got.lower < -15.6 < got.upper


def test_the_weights_are_the_best_there_are(cigarettes):
    # Least squares on the simplex: no move towards another state or year lowers what is minimised.
    got = synthetic_difference(cigarettes, ["California"], 1989)

    table = cigarettes.drop(columns="California").loc[:1988]
    noise = table.diff().to_numpy()[1:].std(ddof=1)
    zeta = 12**0.25 * noise
    a = (table - table.mean()).to_numpy()
    b = (
        cigarettes.loc[:1988, "California"] - cigarettes.loc[:1988, "California"].mean()
    ).to_numpy()
    slope = a.T @ (a @ got.places - b) + len(a) * zeta**2 * got.places.to_numpy()
    assert slope[got.places > 0] == pytest.approx(slope.min(), rel=1e-6)


def test_the_p_value_is_the_rank_among_groups_drawn_from_all_places(cigarettes):
    # One treated state of 39: groups drawn from all are the states themselves, California too.
    got = placebo_error(cigarettes, ["California"], 1989, rng=np.random.default_rng(3), draws=400)

    each = [abs(synthetic_difference(cigarettes, [s], 1989).effect) for s in cigarettes.columns]
    exact = np.mean(np.array(each) >= each[cigarettes.columns.get_loc("California")] - 1e-9)
    # 400 draws: three standard errors of a share.
    assert got.p == pytest.approx(exact, abs=3 * np.sqrt(exact * (1 - exact) / 400))


def test_parallel_places_give_back_a_planted_effect():
    rng = np.random.default_rng(8)
    common = rng.normal(size=12).cumsum()
    table = pd.DataFrame(common[:, None] + rng.normal(0, 3, 10), index=range(12))
    table.loc[8:, [0, 1]] -= 2.5

    got = synthetic_difference(table, [0, 1], 8)

    assert got.effect == pytest.approx(-2.5, abs=1e-6)


def test_more_treated_than_untreated_places_have_no_placebo_error():
    table = pd.DataFrame(np.random.default_rng(1).normal(size=(6, 5)))

    with pytest.raises(AnalysisError, match="2 and 3"):
        placebo_error(table, [0, 1, 2], 4, rng=np.random.default_rng(1))


def test_a_short_history_is_refused():
    with pytest.raises(AnalysisError, match="2 periods before"):
        synthetic_difference(pd.DataFrame(np.ones((4, 4))), [0], 2)


def test_placebos_that_do_not_vary_test_nothing():
    common = np.random.default_rng(8).normal(size=12).cumsum()
    table = pd.DataFrame(common[:, None] + np.arange(10) * 1.7, index=range(12))
    table.loc[8:, [0, 1]] -= 2.5

    got = placebo_error(table, [0, 1], 8, rng=np.random.default_rng(3), draws=20)

    assert got.se == 0
    assert np.isnan([got.lower, got.upper, got.p]).all()


def test_the_limits_are_1_96_standard_deviations_of_placebos_and_p_counts_the_treated():
    rng = np.random.default_rng(9)
    table = pd.DataFrame(rng.normal(10, 1, (12, 15)), index=range(2010, 2022))

    got = placebo_error(table, [3, 7], 2018, rng=rng, draws=60)

    effect = synthetic_difference(table, [3, 7], 2018).effect
    assert len(got.placebos) == len(got.any_group) == 60
    assert got.se == pytest.approx(got.placebos.std(ddof=0))
    assert (got.lower + got.upper) / 2 == pytest.approx(effect)
    assert got.upper - got.lower == pytest.approx(2 * 1.959964 * got.se, rel=1e-6)
    assert got.p == pytest.approx((1 + (np.abs(got.any_group) >= abs(effect)).sum()) / 61)


def test_the_least_that_is_enough_is_enough_and_less_is_told():
    rng = np.random.default_rng(10)
    table = pd.DataFrame(rng.normal(10, 1, (4, 3)), columns=list("abc"))

    assert np.isfinite(synthetic_difference(table, ["a"], 3).effect)
    with pytest.raises(AnalysisError, match="there are 1 places and 3 periods"):
        synthetic_difference(table, ["a", "b"], 3)
    with pytest.raises(AnalysisError, match="there are 2 places and 2 periods"):
        synthetic_difference(table, ["a"], 2)
    with pytest.raises(AnalysisError, match="there are 2 places and 4 periods"):
        synthetic_difference(table, ["a"], 4)
    with pytest.raises(AnalysisError, match="has 1 missing"):
        synthetic_difference(table.mask(table == table.loc[0, "b"]), ["a"], 3)
    with pytest.raises(AnalysisError, match=r"19 draws .* Take 20 or more"):
        placebo_error(table, ["a"], 3, rng=rng, draws=19)
    with pytest.raises(AnalysisError, match=r"1 treated places are named, .* lacks z"):
        synthetic_difference(table, ["z"], 3)
    with pytest.raises(AnalysisError, match=r"0 treated places are named, .* lacks —"):
        synthetic_difference(table, [], 3)
