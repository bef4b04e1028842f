"""Expected numbers: an exact simplex program on Proposition 99."""

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.synthetic_control import placebo_ratios, synthetic_control


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
