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
