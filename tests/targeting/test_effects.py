import numpy as np
import pandas as pd
import pytest

from labtools.analysis.underreporting import Reporting
from labtools.errors import AnalysisError
from labtools.targeting.catalogue import Effect, read_interventions
from labtools.targeting.effects import UNSAID, effect_draws, is_quantified, published_logs
from labtools.targeting.harm import crime_draws, harm_draws, reporting_draws

CATALOGUE = read_interventions().by_id()


def drawn(key, outcome="crime", size=20_000):
    rng = np.random.default_rng(7)
    return effect_draws([CATALOGUE[key]], outcome, size=size, rng=rng)[key].to_numpy()


def test_between_nothing_and_all_of_a_published_effect_carries_over():
    found = np.log1p(drawn("problem_oriented_policing"))

    # Half of the published effect on the log scale; the source gave no interval: 0.15 is said.
    middle = np.log(1 - 0.338)
    assert found.mean() == pytest.approx(middle / 2, abs=0.005)
    variance = (middle**2 + UNSAID**2) / 3 - (middle / 2) ** 2
    assert found.var() == pytest.approx(variance, rel=0.03)


def test_the_error_of_a_figure_without_interval_is_the_middle_one_of_those_that_have_it():
    told = published_logs(
        effect
        for one in CATALOGUE.values()
        if one.scale == "place"
        for effect in one.effect
        if effect.is_quotable and effect.interval
    )

    assert len(told) >= 4
    assert told["se"].median() == pytest.approx(UNSAID, abs=0.01)


def null_finding(**told):
    fields = {"claim": "x", "direction": "none", "source": "Somebody 2020", "outcome": "crime"}
    signed = {"mark": "V", "verified_on": "2026-11-26", "by": "someone", "used": True}
    effect = Effect(**fields, **signed, **told)
    one = CATALOGUE["street_lighting"].model_copy(update={"effect": (effect,)})
    rng = np.random.default_rng(3)
    return np.log1p(effect_draws([one], "crime", size=20_000, rng=rng)[one.id].to_numpy())


def test_a_finding_of_no_effect_keeps_its_interval():
    found = null_finding(measure="risk_ratio", value=0.48, interval=(0.16, 1.39))

    middle, error = np.log(0.48), np.log(1.39 / 0.16) / (2 * 1.959964)
    assert found.mean() == pytest.approx(middle / 2, abs=0.01)
    variance = (middle**2 + error**2) / 3 - (middle / 2) ** 2
    assert found.var() == pytest.approx(variance, rel=0.04)
    assert 0.02 < (found > 0).mean() < 0.2


def test_an_action_with_only_null_findings_without_figure_is_not_quantified():
    assert null_finding(measure="percent_change", value=0).std() == pytest.approx(
        UNSAID / np.sqrt(3), rel=0.03
    )
    with pytest.raises(KeyError):
        null_finding()


def test_where_reviews_conflict_each_is_taken_as_often():
    found = drawn("shop_cpted")

    # Half of the draws are of the review that finds 30 to 84 % less, half of the one that finds
    # nothing, with its doubt; half of either carries over on average.
    assert np.log1p(found).mean() == pytest.approx(np.log(0.7 * 0.16) / 8, abs=0.01)
    assert (found > 0).mean() == pytest.approx(0.25, abs=0.01)
    assert found.min() > -0.841


def test_a_stricter_rule_is_the_inverse_of_the_laxer_one():
    found = drawn("alcohol_hours")

    assert np.median(found) < 0
    assert np.quantile(found, 0.01) > 1 / 1.61 / 1.3 - 1


def test_an_interval_of_the_source_is_in_the_draws():
    found = np.log1p(drawn("integral_upgrading"))

    # Odds ratio .25 (.11-.67): the square root, its doubt, and what carries over.
    middle, error = np.log(0.25) / 2, np.log(0.67 / 0.11) / 2 / (2 * 1.96)
    variance = (middle**2 + error**2) / 3 - (middle / 2) ** 2
    assert found.mean() == pytest.approx(middle / 2, abs=0.01)
    assert found.var() == pytest.approx(variance, rel=0.03)


@pytest.mark.parametrize("key", ["mentoring", "neighbourhood_watch", "cctv", "cbt_school"])
def test_without_a_verified_figure_on_places_an_effect_is_unknown_and_not_nil(key):
    assert not is_quantified(CATALOGUE[key], "crime")
    assert effect_draws([CATALOGUE[key]], "crime", size=5, rng=np.random.default_rng(0)).empty


def test_only_one_action_has_a_verified_figure_on_fear():
    quantified = [key for key, one in CATALOGUE.items() if is_quantified(one, "fear")]

    assert quantified == ["vacant_lots"]


def test_leaving_an_action_out_changes_the_draws_of_no_other():
    both = [CATALOGUE["street_lighting"], CATALOGUE["problem_oriented_policing"]]
    first, last = (np.random.default_rng(4) for _ in range(2))

    all_ = effect_draws(both, "crime", size=9, rng=first)
    one = effect_draws(both[:1], "crime", size=9, rng=last)

    pd.testing.assert_series_equal(all_["street_lighting"], one["street_lighting"])


def test_harm_counts_what_was_not_recorded_and_carries_its_doubt():
    rng = np.random.default_rng(1)
    keys = [f"c{k}" for k in range(40)]
    counts = pd.DataFrame({"theft": rng.poisson(20, 40)}, index=keys)
    people = pd.Series(1_000.0, index=keys)
    victims = pd.Series(0, index=keys)
    crimes = crime_draws(counts, people, size=4_000, rng=rng)
    share = reporting_draws(Reporting(20, 80), victims, victims, size=4_000, rng=rng)

    harm = harm_draws(crimes, share, {"theft": 2.0})["theft"]

    # E[1/p] of Beta(20, 80) is 99/19; twenty recorded, each weighing two.
    assert harm.to_numpy().mean() == pytest.approx(20 * 2 * 99 / 19, rel=0.06)
    assert harm["c0"].std() / harm["c0"].mean() > 0.15


def test_a_group_without_weight_is_refused():
    with pytest.raises(AnalysisError, match="theft"):
        harm_draws({"theft": pd.DataFrame()}, None, {})
