from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labtools.analysis.risk.factors import associate, judged_together, prepare_traits
from labtools.errors import AnalysisError


@pytest.fixture(scope="module")
def city(chart):
    """Counts by area, a trait that matters and one that does not, and the neighbours."""
    rng = np.random.default_rng(1)
    places, neighbours = chart(150, rng)
    areas = [f"c{k:03d}" for k in range(150)]
    one, other = rng.standard_normal((2, 150))
    values = pd.DataFrame({"matters": 10 + 3 * one, "idle": other}, areas)
    exposure = pd.Series(rng.lognormal(0, 0.4, 150), areas)
    rate = 10 * np.exp(0.4 * one + 0.3 * np.sin(5 * places[:, 0]) + 0.2 * rng.standard_normal(150))
    events = pd.Series(rng.poisson(exposure * rate).astype(float), areas)
    return events, exposure, values, neighbours


def found_in(city, values):
    events, exposure, _, neighbours = city
    rng = np.random.default_rng(2)
    return associate(events, exposure, prepare_traits(values), neighbours, rng=rng)


@pytest.fixture(scope="module")
def found(city):
    return found_in(city, city[2])


def test_a_trait_that_matters_is_an_association_and_an_idle_one_is_none(found):
    told = found.table

    assert told["reading"].to_dict() == {"matters": "association", "idle": "indistinct"}
    assert told.loc["matters", "lower"] < np.exp(0.4) < told.loc["matters", "upper"]
    assert told.loc["matters", "unshared"] > 1.2


def test_contributions_are_the_coefficient_times_the_trait(city, found):
    trait = city[2]["matters"]

    effect = np.log(found.table.loc["matters", "ratio"])

    expected = effect * (trait - trait.mean()) / trait.std()
    assert (found.contributions["matters"] - expected).abs().max() < 1e-9


def test_traits_that_say_the_same_are_told_to_be_collinear(city):
    rng = np.random.default_rng(3)
    twin = city[2].assign(twin=lambda t: t["matters"] + 0.1 * rng.standard_normal(150))

    told = found_in(city, twin).table

    assert told.loc[["matters", "twin"], "reading"].tolist() == ["collinear"] * 2
    # Variance inflation of two traits of correlation r is 1 / (1 - r²).
    r = np.corrcoef(twin["matters"], twin["twin"])[0, 1]
    assert told.loc["twin", "inflation"] == pytest.approx(1 / (1 - r**2), rel=0.05)


def test_missing_values_are_counted_and_a_trait_known_in_few_areas_is_left_out():
    values = pd.DataFrame(
        {"kept": [1.0, 2, np.nan, 4], "few": [1.0, np.nan, np.nan, np.nan], "flat": [1.0] * 4}
    )

    traits = prepare_traits(values)

    assert list(traits.table.columns) == ["kept"]
    assert traits.missing.to_dict() == {"kept": 1}
    assert traits.table["kept"].iloc[2] == 0
    with pytest.raises(AnalysisError, match="None of the 2 traits"):
        prepare_traits(values[["few", "flat"]])


def test_a_trait_whose_other_estimate_leaves_the_interval_cannot_be_told_from_the_place(chart):
    rng = np.random.default_rng(8)
    places, neighbours = chart(200, rng)
    areas = [f"c{k:03d}" for k in range(200)]
    smooth = np.sin(6 * places[:, 0]) + np.cos(5 * places[:, 1])
    values = pd.DataFrame({"where": smooth + 0.3 * rng.standard_normal(200)}, areas)
    # Risk follows the place; the trait is but a noisy reading of it.
    exposure = pd.Series(1.0, areas)
    events = pd.Series(rng.poisson(20 * np.exp(0.5 * smooth)).astype(float), areas)

    told = found_in((events, exposure, values, neighbours), values).table.loc["where"]

    assert told["lower"] > 1
    assert not told["lower"] <= told["unshared"] <= told["upper"]
    assert told["reading"] == "confounded"


def test_among_many_questions_a_small_p_value_is_no_association(found):
    weak = found.table.assign(ratio=1.2, lower=1.01, upper=1.43, p_value=0.04, inflation=1.0)
    weak = weak.assign(without_map=1.2, unshared=1.2)
    idle = weak.assign(p_value=0.6)
    groups = {
        "one": replace(found, table=weak.iloc[:1]),
        **{f"g{k}": replace(found, table=idle) for k in range(3)},
    }

    told = judged_together(groups)["one"].table.iloc[0]

    # One of seven questions: 0.04 times seven.
    assert told["q_value"] == pytest.approx(0.28)
    assert told["reading"] == "indistinct"
