"""Closed forms against the table of the methods review; promises against independent draws."""

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.targeting.count_model import CountModel, fit_counts
from labtools.targeting.power import (
    power_of_difference,
    power_of_fall,
    smallest_difference,
    smallest_fall,
)
from labtools.targeting.power_simulation import (
    ClusterSample,
    answers_alike,
    compare_change,
    plan_power,
    plan_survey,
    simulate_power,
    simulate_survey_power,
)

#: Minimum detectable fall, 12 + 12 months, 80 % power, by the 12-month count (methods review).
COUNTS = (12, 24, 60, 120, 240, 600, 1_200)
TABLE = {1: (None, 69, 46, 33, 24, 16, 11), 2: (None, None, 62, 46, 33, 22, 16)}
CASES = [
    (dispersion, count, fall)
    for dispersion, falls in TABLE.items()
    for count, fall in zip(COUNTS, falls, strict=True)
]


@pytest.mark.parametrize(("dispersion", "count", "fall"), CASES)
def test_the_smallest_fall_is_that_of_the_table_to_the_point(dispersion, count, fall):
    found = smallest_fall(count, dispersion=dispersion)

    if fall is None:
        assert np.isnan(found)
    else:
        assert round(100 * found) == fall


def test_the_power_of_the_smallest_fall_is_the_power_asked_for():
    fall = smallest_fall(240, dispersion=2, comparison=480, power=0.9)

    assert power_of_fall(fall, 240, dispersion=2, comparison=480) == pytest.approx(0.9, abs=1e-6)


def test_a_comparison_costs_power():
    assert power_of_fall(0.2, 300, comparison=300) < power_of_fall(0.2, 300)


def test_counts_of_nothing_are_refused():
    with pytest.raises(AnalysisError, match="0"):
        smallest_fall(0)


@pytest.mark.parametrize("dispersion", [1, 2])
def test_the_closed_form_is_kept_by_simulated_counts_of_one_pool(dispersion):
    rng, times, events, fall = np.random.default_rng(5), 20_000, 300.0, 0.25
    size = events / max(dispersion - 1, 1e-9)

    def drawn(mean):
        if dispersion == 1:
            return rng.poisson(mean, times)
        return rng.poisson(rng.gamma(size, mean / size, times))

    before, after = drawn(events), drawn(events * (1 - fall))
    # The variance after the fall is a little smaller than the form says: its dispersion falls too.
    error = np.sqrt(dispersion * (1 / before + 1 / after))
    seen = (np.log(before / after) / error > 1.96).mean()

    assert seen == pytest.approx(power_of_fall(fall, events, dispersion=dispersion), abs=0.03)


def test_a_survey_keeps_its_promise_by_clusters():
    sample = ClusterSample(clusters=40, per_cluster=20, likeness=0.05)
    promised = power_of_difference(0.12, 0.6, 800, design_effect=sample.design_effect)

    seen = simulate_survey_power(0.12, 0.6, sample, times=4_000, rng=np.random.default_rng(2))

    assert seen == pytest.approx(promised, abs=0.03)


def test_the_smallest_difference_of_shares_is_that_of_the_textbook():
    found = smallest_difference(0.5, 392, arms=1)

    # 2.8016 * sqrt(2 * .25 / 392): the usual "400 per wave for ten points".
    assert found.difference == pytest.approx(0.1, abs=0.0006)


def history(rng, n=80, months=48, spread=0.0):
    """Monthly counts whose yearly level is gamma around each colonia's own: not our own model."""
    level = rng.gamma(3, 2, n)[:, None] * np.ones(months)
    if spread:
        year = rng.gamma(1 / spread, spread, (n, months // 12)).repeat(12, axis=1)
        level = level * year
    places = pd.DataFrame(rng.uniform(0, 10_000, (n, 2)), columns=["x", "y"])
    return pd.DataFrame(rng.poisson(level)), places


@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_the_spread_of_spells_is_found_again(spread):
    rng = np.random.default_rng(3)
    found = [fit_counts(*history(rng, n=150, spread=spread), months=12).spread for _ in range(20)]

    assert np.mean(found) == pytest.approx(spread, abs=0.012)


@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_promised_power_is_kept_within_three_points(spread):
    rng = np.random.default_rng(11)
    promised, kept = [], []
    for _ in range(12):
        counts, places = history(rng, spread=spread)
        model = fit_counts(counts, places, months=12)
        promised.append(simulate_power(model, 0.2, per_arm=16, times=500, rng=rng))
        level = counts.mean(axis=1).to_numpy() * 12
        chosen = rng.permuted(np.tile(np.arange(80), (500, 1)), axis=1)[:, :32]
        treated = np.arange(32) < 16
        shape = (500, 32)
        years = [
            rng.gamma(1 / spread, spread, shape) if spread else np.ones(shape) for _ in range(2)
        ]
        before = rng.poisson(level[chosen] * years[0])
        after = rng.poisson(level[chosen] * years[1] * np.where(treated, 0.8, 1.0))
        kept.append((compare_change(before, after, treated)[1] < 0.05).mean())

    assert np.mean(promised) == pytest.approx(np.mean(kept), abs=0.03)


def test_without_effect_the_comparison_errs_one_time_in_twenty():
    rng = np.random.default_rng(8)
    model = fit_counts(*history(rng, spread=0.1), months=12)

    assert simulate_power(model, 0.0, per_arm=20, times=4_000, rng=rng) == pytest.approx(
        0.05, abs=0.015
    )


def test_deviations_of_near_colonias_are_alike_and_their_mean_is_one():
    distance = np.abs(np.subtract.outer(np.arange(10.0), np.arange(10.0))) * 500
    model = CountModel(pd.Series(np.ones(10)), 12, 0.2, 0.6, 1_000.0, distance)

    drawn = model.deviations(20_000, np.random.default_rng(1))

    assert drawn.mean() == pytest.approx(1.0, abs=0.01)
    assert drawn.var() == pytest.approx(0.2, abs=0.015)
    logs = np.log(drawn)
    assert np.corrcoef(logs[:, 0], logs[:, 1])[0, 1] == pytest.approx(np.exp(-0.5), abs=0.02)
    assert np.corrcoef(logs[:, 0], logs[:, 9])[0, 1] == pytest.approx(np.exp(-4.5), abs=0.02)


def test_colonias_are_pooled_until_the_effect_can_be_seen():
    rng = np.random.default_rng(4)
    counts, places = history(rng, n=120)
    models = {months: fit_counts(counts, places, months=months) for months in (6, 12)}

    plan = plan_power(models, np.full(50, 0.2), per_arm=(8, 16, 32), times=300, rng=rng)

    by = plan.designs.set_index(["months", "per_arm"])["power"]
    assert by.loc[(12, 8)] < by.loc[(12, 16)] < by.loc[(12, 32)]
    assert by.loc[(plan.months, plan.per_arm)] >= 0.8


def test_an_effect_that_no_design_can_see_is_said_so():
    rng = np.random.default_rng(4)
    counts, places = history(rng, n=24)
    models = {12: fit_counts(counts, places, months=12)}

    plan = plan_power(models, np.full(50, 0.01), per_arm=(8, 12), times=200, rng=rng)

    assert plan.months is None
    assert plan.per_arm is None


def test_planning_on_a_history_too_short_is_refused():
    counts, places = history(np.random.default_rng(0), months=12)

    with pytest.raises(AnalysisError, match="24"):
        fit_counts(counts, places, months=12)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: power_of_fall(0.2, 0),
        lambda: power_of_fall(1.5, 100),
        lambda: power_of_fall(-0.2, 100),
        lambda: power_of_fall(0.2, 100, level=0),
        lambda: smallest_fall(100, power=1.2),
        lambda: smallest_difference(0.5, 100, power=1.2),
        lambda: power_of_difference(0.1, 0.5, 0),
    ],
)
def test_what_no_power_can_be_had_of_is_refused_in_words(wrong):
    with pytest.raises(AnalysisError):
        wrong()


def test_a_share_cannot_fall_by_more_than_there_is_of_it():
    assert np.isnan(smallest_difference(0.05, 10).difference)
    assert smallest_difference(0.5, 1_000).difference < 0.5


def test_an_action_on_few_of_the_crimes_of_a_part_of_a_colonia_is_hardly_seen():
    """The auditor's toy: the fall of all crime, of violence (30 %), and of 30 % of that."""
    rng = np.random.default_rng(6)
    counts, places = history(rng, n=120)
    violence = pd.DataFrame(rng.binomial(counts, 0.3))

    def power(table, fall):
        models = {12: fit_counts(table, places, months=12)}
        plan = plan_power(models, np.full(9, fall), per_arm=(8,), times=600, rng=rng)
        return plan.designs["power"].iloc[0]

    whole, part, reached = power(counts, 0.26), power(violence, 0.26), power(violence, 0.078)

    assert whole > 0.85
    assert whole - part > 0.3
    assert 0.05 <= reached < 0.2


def test_answers_of_one_place_are_as_alike_as_they_were_made():
    rng = np.random.default_rng(2)
    places = np.repeat(np.arange(600), 20)
    own = rng.beta(0.6 * 9, 0.4 * 9, 600)  # correlation 1 / (1 + 9)
    answers = pd.Series(rng.binomial(1, own[places]).astype(float))

    assert answers_alike(answers, pd.Series(places)) == pytest.approx(0.1, abs=0.015)
    assert answers_alike(answers[:100], pd.Series(places[:100])) is None


def test_surveys_are_pooled_until_the_fall_of_fear_can_be_seen():
    rng = np.random.default_rng(9)
    sample = ClusterSample(clusters=1, per_cluster=20, likeness=0.05)

    plan = plan_survey(np.full(40, 0.2), 0.6, sample, per_arm=(8, 16, 40, 80), times=500, rng=rng)

    by = plan.designs.set_index("per_arm")["power"]
    promised = power_of_difference(0.12, 0.6, 800, design_effect=sample.design_effect)
    assert by[40] == pytest.approx(promised, abs=0.06)
    assert plan.months is None
    assert plan.per_arm == by.index[by >= 0.8].min()
    assert plan.designs["false_alarm"].mean() == pytest.approx(0.05, abs=0.03)
