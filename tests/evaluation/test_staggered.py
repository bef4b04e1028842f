"""Expected numbers: csdid on mpdta, equal to moderndid and diff-diff."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from labtools.errors import AnalysisError
from labtools.evaluation.counts import nearness
from labtools.evaluation.staggered import (
    Panel,
    _propensity,
    average_effects,
    group_time_effects,
    pretrend_p,
)


@pytest.fixture
def mpdta(oracle):
    table = oracle("mpdta.csv")
    outcome = table.pivot_table(index="countyreal", columns="year", values="lemp")
    fixed = table.groupby("countyreal").first()
    return Panel(outcome, fixed["first_treat"], fixed[[]])


@pytest.mark.parametrize(
    ("summary", "effect", "se"),
    [
        ("simple", -0.039951275155177005, 0.012034012770185417),
        ("group", -0.031018282228749017, 0.012446059320997918),
        ("dynamic", -0.0772398214573161, 0.019964989061849233),
        ("calendar", -0.0417004321312833, 0.01597185188455984),
    ],
)
def test_averages_against_never_treated_are_those_of_csdid(mpdta, summary, effect, se):
    effects = group_time_effects(mpdta, controls="never")

    got = average_effects(effects, summary)

    assert (got.effect, got.se) == pytest.approx((effect, se), rel=1e-8)


def test_the_simple_average_against_not_yet_treated_is_that_of_csdid(mpdta):
    got = average_effects(group_time_effects(mpdta, controls="not_yet"), "simple")

    assert got.effect == pytest.approx(-0.039763625623044384, rel=1e-8)
    assert got.se == pytest.approx(0.012052424787341885, rel=1e-8)


def test_a_panel_with_gaps_is_refused():
    outcome = pd.DataFrame({2003: [1.0, np.nan], 2004: [1.0, 2.0]})

    with pytest.raises(AnalysisError, match="1"):
        group_time_effects(Panel(outcome, pd.Series([2004, 0]), outcome[[]]))


def test_without_effect_few_pretrends_are_rejected():
    rng = np.random.default_rng(3)
    first = pd.Series(np.repeat([0, 4, 6], 60))
    p = [
        pretrend_p(
            group_time_effects(
                Panel(
                    pd.DataFrame(rng.normal(size=(180, 8))), first, pd.DataFrame(index=first.index)
                )
            )
        )
        for _ in range(200)
    ]

    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.12


def test_shocks_that_neighbours_share_are_no_trend_nor_effect():
    rng, side = np.random.default_rng(4), 14
    at = np.array([(i, j) for i in range(side) for j in range(side)])
    apart = np.abs(at[:, None] - at[None]).sum(axis=2)
    near = nearness(apart.astype(float), reach=5)
    root = np.linalg.cholesky(np.exp(-apart / 2.0))
    # Blocks of two by two enter together.
    blocks = at[:, 0] // 2 * (side // 2) + at[:, 1] // 2
    found = {True: [], False: []}
    for _ in range(150):
        entered = rng.permutation((side // 2) ** 2)[:20]
        first = pd.Series(np.where(np.isin(blocks, entered), 4, 0))
        shared, own = rng.normal(size=(2, side**2, 5))
        outcome = pd.DataFrame(0.7 * root @ shared + own)
        for aware, p in found.items():
            panel = Panel(outcome, first, outcome[[]])
            cells = group_time_effects(panel, near=near if aware else None)
            average = average_effects(cells, "simple")
            p.append((pretrend_p(cells), 2 * stats.norm.sf(abs(average.effect) / average.se)))

    blind, aware = ((np.array(found[one]) < 0.05).mean(axis=0) for one in (False, True))

    # Three binomial standard errors above 5 %; who takes neighbours for unrelated errs more.
    assert (aware <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)).all()
    assert blind[0] > 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)
    assert (aware < blind).all()


@pytest.mark.parametrize(
    ("controls", "summary", "effect", "se"),
    [
        ("never", "simple", -0.041751772058616986, 0.011502838151545085),
        ("never", "group", -0.03281959716130271, 0.011898178727630842),
        ("never", "dynamic", -0.08035394974402524, 0.018957557244824775),
        ("never", "calendar", -0.044177357756554986, 0.015038175096397044),
        ("not_yet", "simple", -0.041351629299237365, 0.011427839082186106),
        ("not_yet", "dynamic", -0.07999262095930833, 0.018494002078741408),
        ("not_yet", "calendar", -0.04566463287659911, 0.014698256756514714),
    ],
)
def test_averages_with_population_as_covariate_are_those_of_csdid(
    mpdta, oracle, controls, summary, effect, se
):
    table = oracle("mpdta.csv").groupby("countyreal").first()
    panel = Panel(mpdta.outcome, mpdta.first, table[["lpop"]])

    got = average_effects(group_time_effects(panel, controls=controls), summary)

    assert (got.effect, got.se) == pytest.approx((effect, se), rel=1e-6)


def test_with_anticipation_the_base_lies_before_it():
    # Closed form: effects of one group are differences of differences with the base chosen.
    rng = np.random.default_rng(4)
    outcome = pd.DataFrame(rng.normal(size=(20, 5)), columns=range(2001, 2006))
    first = pd.Series([2004] * 8 + [0] * 12)

    got = group_time_effects(Panel(outcome, first, outcome[[]]), anticipation=1)

    change = outcome[2005] - outcome[2002]
    cell = got.cells.set_index("period").loc[2005, "effect"]
    assert cell == pytest.approx(change[:8].mean() - change[8:].mean())


def test_who_is_expected_to_enter_compares_with_nobody():
    outcome = pd.DataFrame(np.random.default_rng(5).normal(size=(30, 6)), columns=range(2001, 2007))
    first = pd.Series([2003] * 10 + [2005] * 10 + [0] * 10)

    got = group_time_effects(Panel(outcome, first, outcome[[]]), anticipation=1)

    # In 2004 the second group is one period from its entry: only those never in compare.
    change = outcome[2004] - outcome[2001]
    cells = got.cells[got.cells["group"] == 2003].set_index("period")
    assert cells.loc[2004, "effect"] == pytest.approx(change[:10].mean() - change[20:].mean())


def test_places_chosen_for_their_records_are_refused_with_what_to_use_instead():
    outcome = pd.DataFrame({2001: [1.0, 2.0, 3.0], 2002: [1.0, 2.0, 3.0]})
    panel = Panel(outcome, pd.Series([2002, 0, 0]), outcome[[]])

    with pytest.raises(AnalysisError, match="imputed_counts"):
        group_time_effects(panel, chosen="by_records")


def test_chances_of_treatment_are_those_of_logistic_regression():
    rng = np.random.default_rng(41)
    x = np.column_stack([np.ones(400), rng.normal(size=(400, 2))])
    d = (rng.random(400) < 1 / (1 + np.exp(-x @ [-0.5, 0.8, -0.4]))).astype(float)
    expected = sm.Logit(d, x).fit(disp=False)

    score, chance = _propensity(d, x)

    assert chance == pytest.approx(expected.predict(x), abs=1e-8)
    # The influence of each unit on the coefficients sums to nil, and its squares to their variance.
    assert score.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-6)
    spread = expected.cov_params() @ ((d - chance)[:, None] * x).T @ ((d - chance)[:, None] * x)
    assert score.T @ score / 400**2 == pytest.approx(spread @ expected.cov_params(), rel=1e-5)


def test_a_chance_of_one_is_held_below_it_so_that_odds_stay_finite():
    x = np.column_stack([np.ones(40), np.linspace(-3, 3, 40)])
    d = (x[:, 1] > 0).astype(float)

    _, chance = _propensity(d, x)

    assert chance.max() == pytest.approx(1 - 1e-6, abs=1e-12)
    assert chance.min() < 1e-6
