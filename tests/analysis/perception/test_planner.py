import numpy as np
import pandas as pd
import pytest

from labtools.analysis.perception.estimates import Estimate
from labtools.analysis.perception.planner import Fieldwork, likeness_of, sample_plan
from labtools.errors import AnalysisError

SIMPLE = Fieldwork(per_cluster=1, likeness=0.0)


def test_a_simple_sample_of_a_large_city_is_the_textbook_one():
    plan = sample_plan(pd.Series({"city": 1e9}), share=0.5, fieldwork=SIMPLE, cv=0.05)

    # (1 - p) / p / cv² = 400.
    assert plan.loc["city", "answers"] == 400
    assert plan.loc["city", "reachable"]


def test_clusters_weights_and_silence_ask_for_more_and_small_areas_for_fewer():
    fieldwork = Fieldwork(per_cluster=5, likeness=0.05, weighting=1.2, answering=0.8, finite=True)
    adults = pd.Series({"city": 1e9, "colonia": 300.0, "hamlet": 20.0, "empty": 0.0})

    plan = sample_plan(adults, share=0.4, fieldwork=fieldwork, cv=0.15)

    wanted = 0.6 / 0.4 / 0.15**2 * 1.2 * 1.2
    assert plan.loc["city", "answers"] == np.ceil(wanted)
    assert plan.loc["city", "clusters"] == np.ceil(np.ceil(wanted) / 5)
    assert plan.loc["colonia", "answers"] == np.ceil(wanted / (1 + (wanted - 1) / 300))
    assert plan.loc["colonia", "people"] == np.ceil(plan.loc["colonia", "answers"] / 0.8)
    assert not plan.loc["hamlet", "reachable"]
    assert plan.loc["empty", ["answers", "people"]].isna().all()


def test_the_planned_sample_has_the_variation_that_was_asked_for():
    rng, fieldwork = np.random.default_rng(1), Fieldwork(per_cluster=5, likeness=0.1)
    plan = sample_plan(pd.Series({"city": 1e9}), share=0.3, fieldwork=fieldwork, cv=0.15)
    clusters = int(plan.loc["city", "clusters"])
    # A beta law of blocks with this correlation: a + b = 1 / 0.1 - 1.
    blocks = rng.beta(0.3 * 9, 0.7 * 9, (4_000, clusters))

    shares = rng.binomial(5, blocks).mean(axis=1) / 5

    assert shares.std() / 0.3 == pytest.approx(0.15, rel=0.05)


def test_no_sample_is_planned_that_the_rules_of_the_lab_would_refuse():
    fieldwork = Fieldwork(per_cluster=5, likeness=likeness_of(1.5, 5))
    adults = pd.Series({"colonia": 900.0, "hamlet": 20.0})

    plan = sample_plan(adults, share=0.5, fieldwork=fieldwork, cv=0.30)

    # The variation alone asks for 1 / 0.3 squared * 1.5 = 17 people; the rules, for 30 effective.
    assert plan["answers"].to_list() == [45, 45]
    assert plan["clusters"].to_list() == [9, 9]
    assert plan["reachable"].to_list() == [True, False]
    effective, freedom = 45 / 1.5, 9 - 1
    cv = np.sqrt(1.5 / 45)
    judged = Estimate(0.5, 0.5 * cv, 0.3, 0.7, 45, freedom, 1.5, "share")
    assert judged.effective == effective
    assert judged.verdict() == "caution"


def test_whoever_does_not_answer_makes_a_small_colonia_out_of_reach():
    alike = Fieldwork(per_cluster=5, likeness=0.0)
    silent = Fieldwork(per_cluster=5, likeness=0.0, answering=0.5)
    adults = pd.Series({"colonia": 60.0})

    plans = [sample_plan(adults, share=0.5, fieldwork=one) for one in (alike, silent)]

    assert [bool(plan.loc["colonia", "reachable"]) for plan in plans] == [True, False]
    assert plans[1].loc["colonia", "people"] == 2 * plans[0].loc["colonia", "people"]


def test_a_design_effect_tells_how_alike_the_people_of_a_block_are():
    assert likeness_of(1.4, 5) == pytest.approx(0.1)
    assert likeness_of(0.9, 5) == 0.0
    assert likeness_of(1.4, 1) == 0.0


def test_a_share_of_all_needs_no_sample():
    with pytest.raises(AnalysisError, match="nobody differs"):
        sample_plan(pd.Series({"city": 10.0}), share=1.0, fieldwork=SIMPLE)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.1])
def test_a_share_of_none_or_all_needs_no_sample_and_one_between_does(share):
    with pytest.raises(AnalysisError, match=f"share of {share} needs no sample"):
        sample_plan(pd.Series({"city": 10.0}), share=share, fieldwork=SIMPLE)
    told = [
        sample_plan(pd.Series({"city": 1e9}), share=one, fieldwork=SIMPLE, cv=0.1)["answers"].item()
        for one in (0.2, 0.8)
    ]
    # The rarer answer decides: 0.8 / 0.2 / 0.01.
    assert told == [400, 400]


def test_as_many_adults_as_are_wanted_are_within_reach_and_one_fewer_are_not():
    adults = pd.Series({"just": 400.0, "short": 399.0, "nobody": np.nan, "one": 1.0})

    plan = sample_plan(adults, share=0.5, fieldwork=SIMPLE, cv=0.05)

    assert plan.columns.to_list() == ["answers", "people", "clusters", "reachable"]
    assert plan["reachable"].to_list() == [True, False, False, False]
    assert plan["answers"].to_list()[:2] == [400, 400]
    assert plan["clusters"].to_list()[:2] == [400, 400]


def test_a_block_of_two_tells_how_alike_they_are_and_no_more_than_wholly():
    assert likeness_of(1.3, 2) == pytest.approx(0.3)
    assert likeness_of(9.0, 2) == 1.0
    assert likeness_of(1.5, 5, weighting=1.25) == pytest.approx(0.05)
    assert Fieldwork(5, 0.1).design_effect == pytest.approx(1.4)
    assert Fieldwork(5, 0.1, weighting=1.5).design_effect == pytest.approx(2.1)
