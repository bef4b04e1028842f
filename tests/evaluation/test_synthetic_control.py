"""Expected numbers: an exact simplex program on Proposition 99."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from labtools.errors import AnalysisError
from labtools.evaluation.synthetic_control import (
    _ratio,
    placebo_ratios,
    simplex_weights,
    synthetic_control,
)


@pytest.fixture
def cigarettes(oracle):
    return oracle("prop99.csv").set_index("Year")


def test_california_and_its_twin_differ_as_in_the_reference(cigarettes):
    got = synthetic_control(cigarettes, "California", 1989)

    # The reference is good to 0.05 packs.
    assert got.effect == pytest.approx(-19.51401658363397, abs=0.05)
    assert got.gaps[2000] == pytest.approx(-26.597030601028322, abs=0.05)
    assert got.before_rmse == pytest.approx(1.656400219268929, abs=0.001)
    assert got.weights["Utah"] == pytest.approx(0.39387247839790734, abs=0.002)
    assert got.weights.sum() == pytest.approx(1)


def test_california_ranks_third_of_39_placebos(cigarettes):
    ratios = placebo_ratios(cigarettes, 1989)

    assert len(ratios) == 39
    assert ratios.rank(ascending=False)["California"] == 3


def test_a_short_history_is_refused():
    with pytest.raises(AnalysisError, match="2 donors"):
        synthetic_control(pd.DataFrame({"a": [1, 2], "b": [2, 3], "c": [3, 4]}), "a", 1)


def test_a_place_chosen_for_its_records_is_ranked_among_no_others():
    outcome = pd.DataFrame(np.random.default_rng(3).normal(size=(8, 25)))

    with pytest.raises(AnalysisError, match="imputed_counts"):
        placebo_ratios(outcome, 6, chosen="by_records")


def test_ratios_of_placebos_are_those_of_each_places_own_gaps():
    rng = np.random.default_rng(4)
    outcome = pd.DataFrame(
        rng.normal(10, 1, (12, 6)), index=range(2010, 2022), columns=list("abcdef")
    )

    ratios = placebo_ratios(outcome, 2018)

    for place in outcome.columns:
        own = synthetic_control(outcome, place, 2018)
        late = np.sqrt((own.gaps.loc[2018:] ** 2).mean())
        early = np.sqrt((own.gaps.loc[:2017] ** 2).mean())
        assert own.before_rmse == pytest.approx(early)
        assert own.effect == pytest.approx(own.gaps.loc[2018:].mean())
        assert ratios[place] == pytest.approx(late / early)


@pytest.mark.parametrize("seed", range(5))
def test_weights_on_the_simplex_are_those_of_a_general_program(seed):
    rng = np.random.default_rng(seed)
    donors, target = rng.normal(5, 2, (9, 5)), rng.normal(5, 2, 9)

    found = simplex_weights(donors, target)

    def away(w):
        return ((donors @ w - target) ** 2).sum()

    best = optimize.minimize(
        away,
        np.full(5, 0.2),
        method="SLSQP",
        bounds=[(0, 1)] * 5,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    # The general program keeps the sum of one to the tenth decimal only.
    assert away(found) <= best.fun + 1e-6
    assert found == pytest.approx(best.x, abs=1e-4)


def test_the_least_that_is_enough_is_enough_and_less_is_told():
    rng = np.random.default_rng(10)
    table = pd.DataFrame(rng.normal(10, 1, (4, 3)), columns=list("abc"))

    assert np.isfinite(synthetic_control(table, "a", 3).effect)
    assert placebo_ratios(table, 3).index.to_list() == list("abc")
    assert placebo_ratios(table, 3).name == "ratio"
    with pytest.raises(AnalysisError, match="there are 1 donors and 3 periods"):
        synthetic_control(table[["a", "b"]], "a", 3)
    with pytest.raises(AnalysisError, match="there are 2 donors and 2 periods"):
        synthetic_control(table, "a", 2)
    with pytest.raises(AnalysisError, match="there are 2 donors and 4 periods"):
        synthetic_control(table, "a", 4)
    with pytest.raises(AnalysisError, match="has 1 missing"):
        placebo_ratios(table.mask(table == table.loc[0, "b"]), 3)


def test_a_place_that_its_twin_follows_exactly_has_a_ratio_of_one_or_without_end():
    rng = np.random.default_rng(11)
    table = pd.DataFrame(rng.normal(10, 1, (8, 3)), columns=list("bcd"))
    table["a"] = 0.25 * table["b"] + 0.75 * table["c"]
    later = table.copy()
    later.loc[6:, "a"] += 3.0

    same, moved = (synthetic_control(one, "a", 6) for one in (table, later))

    assert same.weights.to_dict() == pytest.approx({"b": 0.25, "c": 0.75, "d": 0.0}, abs=1e-9)
    assert same.effect == pytest.approx(0, abs=1e-9)
    assert moved.effect == pytest.approx(3.0)
    assert moved.gaps.to_list() == pytest.approx([0.0] * 6 + [3.0] * 2, abs=1e-9)
    assert _ratio(np.zeros(4), np.arange(4) < 2) == 1.0
    assert _ratio(np.array([0.0, 0, 1, 1]), np.arange(4) < 2) == np.inf
    assert _ratio(np.array([1.0, 1, 3, 4]), np.arange(4) < 2) == pytest.approx(np.sqrt(12.5))
