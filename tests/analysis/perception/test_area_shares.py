from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, linalg, special, stats
from threadpoolctl import threadpool_limits

from labtools.analysis.latent_logit import Candidate, draw_log_odds
from labtools.analysis.perception.area_shares import (
    _SPREAD_DOUBT,
    _SPREADS,
    AreaPrior,
    AreaShares,
    _cluster_effect,
    effective_answers,
    fit_area_shares,
    neighbour_covariance,
)
from labtools.errors import AnalysisError

SIDE = 12


def grid():
    place = np.array([(i, j) for i in range(SIDE) for j in range(SIDE)])
    return np.abs(place[:, None] - place[None]).sum(axis=2) == 1


@cache
def root():
    """Return a square root of the covariance of the areas' own part."""
    with threadpool_limits(limits=1, user_api="blas"):
        law = 0.5 * neighbour_covariance(grid()) + 0.1 * np.eye(SIDE**2)
        return linalg.cholesky(law, lower=True)


def city(rng, asked=8):
    """Return answers of 144 areas on a grid, half of them asked, and the true shares."""
    x = rng.standard_normal(SIDE**2)
    own = root() @ rng.standard_normal(SIDE**2)
    truth = pd.Series(special.expit(0.4 + 0.5 * x + own))
    people = pd.Series(np.where(rng.random(SIDE**2) < 0.6, asked, 0))
    return pd.Series(rng.binomial(people, truth)), people, pd.DataFrame({"x": x}), truth


def test_one_cell_has_the_posterior_that_numerical_integration_gives():
    rng = np.random.default_rng(1)

    found = draw_log_odds(
        np.array([30.0]),
        np.array([40.0]),
        np.array([0.0]),
        [Candidate(np.array([[0.5**2]]), 0.0)],
        size=40_000,
        rng=rng,
    ).draws[:, 0]

    def weight(eta):
        return stats.binom.pmf(30, 40, special.expit(eta)) * stats.norm.pdf(eta, 0, 0.5)

    total = integrate.quad(weight, -3, 4)[0]
    mean = integrate.quad(lambda eta: eta * weight(eta), -3, 4)[0] / total
    spread = np.sqrt(integrate.quad(lambda eta: (eta - mean) ** 2 * weight(eta), -3, 4)[0] / total)
    # Laplace puts the mode where the mean is: the law is slightly skewed.
    assert found.mean() == pytest.approx(mean, abs=0.02)
    assert found.std() == pytest.approx(spread, rel=0.03)


def test_a_poor_start_does_not_lead_the_search_astray():
    # A prior far from the answers makes an undamped step overshoot.
    found = draw_log_odds(
        np.full(50, 4.0),
        np.full(50, 10.0),
        np.full(50, -6.0),
        [Candidate(9.0 * np.ones((50, 50)) + 0.04 * np.eye(50), 0.0)],
        size=500,
        rng=np.random.default_rng(2),
    )

    assert special.expit(found.draws).mean() == pytest.approx(0.4, abs=0.03)


def test_intervals_hold_and_areas_are_told_better_than_by_their_own_answers():
    rng, held, errors = np.random.default_rng(3), [], []
    for _ in range(20):
        yes, people, x, truth = city(rng)
        plain = fit_area_shares(yes, people, x, rng=rng)
        near = fit_area_shares(yes, people, x, rng=rng, neighbours=grid())
        table = near.frame()
        held.append(((table["lower"] <= truth) & (truth <= table["upper"])).mean())
        asked = people > 0
        errors.append(
            [
                ((found - truth)[asked] ** 2).mean()
                for found in (yes / people, plain.draws.mean(), near.draws.mean())
            ]
        )

    direct, plain, near = np.sqrt(np.mean(errors, axis=0))
    assert 0.92 <= np.mean(held) <= 0.98
    assert near < plain < direct


def test_agreeing_with_the_city_moves_all_areas_alike_and_keeps_them_shares():
    yes, people, x, _ = city(np.random.default_rng(4))
    fit = fit_area_shares(yes, people, x, rng=np.random.default_rng(4), prior=AreaPrior(draws=200))
    residents = pd.Series(np.arange(SIDE**2) + 1.0)
    wanted = np.linspace(0.3, 0.7, 200)

    agreed = fit.benchmarked(residents, wanted)

    mean = agreed.draws.to_numpy() @ (residents / residents.sum()).to_numpy()
    assert mean == pytest.approx(wanted, abs=1e-6)
    moved = special.logit(agreed.draws) - special.logit(fit.draws)
    assert moved.std(axis=1).max() < 1e-6


def test_an_interval_that_says_nothing_is_refused():
    yes, people, x, _ = city(np.random.default_rng(5))
    fit = fit_area_shares(yes, people, x, rng=np.random.default_rng(5))

    width = fit.frame()["upper"] - fit.frame()["lower"]
    limit = width.median()

    table = fit.frame(widest=limit)

    wide = width > limit
    assert (table.loc[wide, "verdict"] == "insufficient").all()
    assert (table.loc[~wide, "verdict"] == "enough").all()
    assert 0 < wide.sum() < len(table)


def test_effective_answers_are_people_where_weights_are_equal_and_clusters_alike():
    value = pd.Series([1.0, 0, 1, 0] * 10 + [np.nan])
    area = pd.Series([0] * 20 + [1] * 20 + [1])
    cluster = pd.Series([*np.repeat(np.arange(10), 4), 9])

    table, effect = effective_answers(value, pd.Series(2.0, value.index), area, cluster)

    assert effect == 1.0
    assert table["asked"].to_list() == pytest.approx([20, 20])
    assert table["yes"].to_list() == pytest.approx([10, 10])


def test_people_of_one_block_who_all_answer_alike_count_as_one():
    cluster = pd.Series(np.repeat(np.arange(60), 5))
    area = cluster // 3
    value = pd.Series(np.random.default_rng(6).integers(0, 2, 60))[cluster].reset_index(drop=True)

    table, effect = effective_answers(value, pd.Series(1.0, value.index), area, cluster)

    # Fifteen people of an area are three answers; the effect is estimated, from 40 differences.
    assert effect == pytest.approx(5, rel=0.25)
    assert table["asked"].mean() == pytest.approx(3, rel=0.25)


def test_blocks_that_resemble_themselves_are_seen_where_areas_differ_much():
    rng = np.random.default_rng(12)
    blocks = pd.Series(np.arange(900))
    area = blocks // 3
    # Half of the areas near nobody, half near everybody; in each, a fifth of the variance of
    # answers lies between blocks: people of a block of five are worth 1 / (1 + 4 * 0.2).
    level = np.where(area % 2, 0.9, 0.1)
    chance = rng.beta(level * 4, (1 - level) * 4)
    rows = np.repeat(np.arange(900), 5)
    value = pd.Series(rng.binomial(1, chance[rows]).astype(float))

    _, effect = effective_answers(
        value, pd.Series(1.0, value.index), area[rows].reset_index(drop=True), pd.Series(rows)
    )

    assert effect == pytest.approx(1.8, rel=0.1)


def test_more_yes_than_people_and_a_missing_covariate_are_refused():
    x = pd.DataFrame({"x": [0.0, 1.0]})
    with pytest.raises(AnalysisError, match="1 areas have more people who said yes"):
        fit_area_shares(pd.Series([3, 1]), pd.Series([2, 2]), x, rng=np.random.default_rng(1))
    with pytest.raises(AnalysisError, match="1 areas lack a covariate"):
        fit_area_shares(
            pd.Series([1, 1]),
            pd.Series([2, 2]),
            x.assign(x=[0.0, np.nan]),
            rng=np.random.default_rng(1),
            prior=AreaPrior(),
        )


def test_with_one_degree_of_freedom_clusters_have_an_effect_and_with_none_they_have_not():
    two = pd.DataFrame({"area": "A", "cluster": [1, 1, 2, 2], "y": [0.0, 0.1, 0.9, 1.0]})

    assert _cluster_effect(two) > 1.5
    assert _cluster_effect(two.assign(cluster=1)) == 1.0


def test_where_hardly_anybody_was_asked_areas_vary_as_the_prior_says_alike_or_not():
    # In a ring every area varies by one, whatever the share that is alike next door.
    at = np.arange(8)
    ring = np.isin(np.abs(at[:, None] - at), (1, 7))
    prior = AreaPrior(-0.5, 0.4, spread=0.5, draws=20_000)
    yes, asked = pd.Series([5e-7] * 8), pd.Series([1e-6] * 8)
    nothing = pd.DataFrame(index=range(8))

    found = fit_area_shares(
        yes, asked, nothing, neighbours=ring, rng=np.random.default_rng(4), prior=prior
    )

    log_odds = special.logit(found.draws.to_numpy())
    spreads = np.array(_SPREADS)
    weight = np.exp(-((np.log(spreads / 0.5) / _SPREAD_DOUBT) ** 2) / 2)
    expected = 0.4**2 + (weight @ spreads**2) / weight.sum()
    assert log_odds.mean() == pytest.approx(-0.5, abs=0.02)
    assert log_odds.var(axis=0).mean() == pytest.approx(expected, rel=0.04)


def test_where_all_answer_alike_or_one_block_was_asked_clusters_have_no_effect():
    cluster = pd.Series(np.repeat(np.arange(6), 5))
    same = pd.DataFrame({"area": cluster // 3, "cluster": cluster, "y": 1.0})

    assert _cluster_effect(same) == 1.0
    alone = same.assign(cluster=same["area"], y=np.arange(30) % 2.0)
    assert _cluster_effect(alone) == 1.0


def test_by_default_a_thousand_draws_are_made_of_any_share():
    yes, people, x, _ = city(np.random.default_rng(8))

    found = fit_area_shares(yes, people, x, rng=np.random.default_rng(8))

    assert found.draws.shape == (1000, SIDE**2)
    assert found.draws.index.name == "draw"
    assert found.draws.columns.equals(x.index)
    assert found.asked.to_list() == people.to_list()


def some_shares():
    draws = pd.DataFrame([[0.2, 0.6, 0.9], [0.4, 0.5, 0.1]], columns=["a", "b", "c"])
    return AreaShares(draws, 0.3, 0.5, pd.Series(4.0, draws.columns))


@pytest.mark.parametrize("by", ["log_odds", "ratio"])
def test_areas_of_unknown_people_do_not_count_in_the_citys_mean(by):
    people = pd.Series({"b": 3.0, "a": 1.0})

    moved = some_shares().benchmarked(people, np.array([0.6, 0.3]), by=by)

    told = moved.draws
    assert (told["a"] + 3 * told["b"]).to_numpy() / 4 == pytest.approx([0.6, 0.3])
    assert ((told > 0) & (told < 1)).all(axis=None)
    assert (moved.spread, moved.neighbourly) == (0.3, 0.5)
    if by == "ratio":
        # Where the city falls all shares fall by one ratio, where it rises their complements do.
        now = np.array([0.5, 0.475])
        assert told.loc[1].to_list() == pytest.approx(0.3 / now[1] * np.array([0.4, 0.5, 0.1]))
        left = 0.4 / (1 - now[0]) * (1 - np.array([0.2, 0.6, 0.9]))
        assert (1 - told.loc[0]).to_list() == pytest.approx(left)


@pytest.mark.parametrize(
    ("people", "city"), [(0.0, [0.5, 0.5]), (1.0, [0.0, 0.5]), (1.0, [0.5, 1.0]), (1.0, [0.5, 1.2])]
)
def test_a_city_without_people_or_a_figure_between_none_and_all_agrees_with_nothing(people, city):
    with pytest.raises(AnalysisError, match="lies between 0 and 1"):
        some_shares().benchmarked(pd.Series(people, list("abc")), np.array(city))


def test_limits_of_an_area_are_quantiles_and_an_interval_as_wide_as_allowed_is_enough():
    draws = pd.DataFrame({"a": np.linspace(0, 1, 101), "b": np.linspace(0.25, 0.75, 101)})
    found = AreaShares(draws, 0.3, 0.5, pd.Series(4.0, draws.columns)).frame(level=0.8, widest=0.4)

    assert found.columns.to_list() == ["value", "error", "lower", "upper", "verdict"]
    assert found.loc["a", ["value", "lower", "upper"]].to_list() == pytest.approx([0.5, 0.1, 0.9])
    assert found.loc["b", ["lower", "upper"]].to_list() == pytest.approx([0.3, 0.7])
    assert found["error"].to_list() == pytest.approx(
        [draws["a"].std(ddof=0), draws["b"].std(ddof=0)]
    )
    assert found.loc["a", "verdict"] == "insufficient"
    wide = AreaShares(draws, 0.3, 0.5, pd.Series(4.0, draws.columns)).frame(level=0.8, widest=0.8)
    assert (wide["verdict"] == "enough").all()
    assert (AreaShares(draws, 0.3, 0.5, draws.loc[0]).frame()["verdict"] == "enough").all()
