import numpy as np
import pandas as pd
import pytest

from labtools.analysis.perception.poststratify import poststratified_shares
from labtools.errors import AnalysisError

KINDS = ["stype", "mq"]


@pytest.fixture(scope="module")
def schools(oracle):
    sample = oracle("mrp_sample.csv")
    census = oracle("mrp_poststrat.csv").rename(columns={"N": "people"})
    truth = oracle("mrp_truth.csv").set_index("county")["truth"]
    rng = np.random.default_rng(1)
    return sample, poststratified_shares(sample, census, area="cname", kinds=KINDS, rng=rng), truth


def test_counties_of_few_schools_are_told_better_than_by_their_own_schools(schools):
    sample, draws, truth = schools

    own = sample.groupby("cname")["y"].mean().reindex(draws.columns).fillna(sample["y"].mean())
    errors = [(found - truth.reindex(draws.columns)) for found in (draws.mean(), own)]
    model, direct = (float(np.sqrt((error**2).mean())) for error in errors)

    assert model < 0.65 * direct


def test_intervals_of_real_counties_hold_most_of_their_true_shares(schools):
    _, draws, truth = schools
    lower, upper = draws.quantile(0.025), draws.quantile(0.975)

    held = (lower <= truth.reindex(draws.columns)) & (truth.reindex(draws.columns) <= upper)

    # Real counties differ in ways that two kinds of school do not tell: less than 95 %.
    assert held.mean() >= 0.8


def test_a_sample_out_of_balance_is_put_right_by_the_census():
    rng = np.random.default_rng(2)
    census = pd.DataFrame(
        [(a, k, 5_000) for a in range(30) for k in ("young", "old")],
        columns=["area", "kind", "people"],
    )
    own = rng.normal(0, 0.4, 30)
    area = rng.integers(0, 30, 3_000)
    young = rng.random(3_000) < 0.8  # half of the people are young, and most of those asked
    chance = 1 / (1 + np.exp(-(own[area] + np.where(young, 1.0, -1.0))))
    sample = pd.DataFrame({"area": area, "kind": np.where(young, "young", "old")})
    sample["y"] = (rng.random(3_000) < chance).astype(float)
    truth = (1 / (1 + np.exp(-(own + 1))) + 1 / (1 + np.exp(-(own - 1)))) / 2

    draws = poststratified_shares(sample, census, area="area", kinds=["kind"], rng=rng)

    found = draws[list(range(30))]
    held = (found.quantile(0.025) <= truth) & (truth <= found.quantile(0.975))
    assert held.mean() >= 0.86  # thirty areas: the standard error of 0.95 is 0.04
    assert abs(found.mean().mean() - truth.mean()) < 0.03
    assert sample["y"].mean() - truth.mean() > 0.1


def test_a_kind_that_the_census_does_not_count_is_refused():
    sample = pd.DataFrame({"area": ["a"], "kind": ["new"], "y": [1.0]})
    census = pd.DataFrame({"area": ["a"], "kind": ["old"], "people": [10]})

    with pytest.raises(AnalysisError, match="counts nobody in them"):
        poststratified_shares(
            sample, census, area="area", kinds=["kind"], rng=np.random.default_rng(1)
        )


def test_areas_that_do_not_differ_are_drawn_towards_their_common_share():
    rng = np.random.default_rng(5)
    cells = [(a, k) for a in range(60) for k in "pqrs"]
    census = pd.DataFrame([(*it, 10_000) for it in cells], columns=["area", "kind", "people"])
    sample = pd.DataFrame([it for it in cells for _ in range(10)], columns=["area", "kind"])
    sample["y"] = (rng.random(len(sample)) < 0.5).astype(float)

    draws = poststratified_shares(sample, census, area="area", kinds=["kind"], rng=rng)

    # Forty answers tell 10 about log odds.  With areas 0.1 apart and cells 0.4, their mean moves by
    # 0.05 / (0.05 + 1 / 10) = a third of what was seen; with areas 1.1 apart, by nine tenths.
    told = draws.mean().std() / sample.groupby("area")["y"].mean().std()
    assert 0.2 < told < 0.5


def test_areas_that_differ_greatly_keep_what_their_own_answers_say():
    rng = np.random.default_rng(6)
    odds = rng.normal(0, 2.0, 60)
    census = pd.DataFrame([(a, "p", 10_000) for a in range(60)], columns=["area", "kind", "people"])
    sample = pd.DataFrame({"area": np.repeat(np.arange(60), 100), "kind": "p"})
    sample["y"] = (rng.random(6_000) < 1 / (1 + np.exp(-odds[sample["area"]]))).astype(float)

    draws = poststratified_shares(sample, census, area="area", kinds=["kind"], rng=rng)

    own = sample.groupby("area")["y"].mean()
    assert draws.mean().std() / own.std() == pytest.approx(1.0, abs=0.1)
    assert np.abs(draws.mean() - own).max() < 0.1
