"""Every test of a programme refuses places that were chosen for their records, and says why."""

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.displacement import estimate_dispersion, harm_dispersion
from labtools.evaluation.micro_synthetic import micro_synthetic
from labtools.evaluation.randomisation import spatial_permutation
from labtools.evaluation.staggered import Panel, group_time_effects
from labtools.evaluation.synthetic_control import placebo_ratios
from labtools.evaluation.synthetic_did import placebo_error

TABLE = pd.DataFrame(np.random.default_rng(1).poisson(20.0, (30, 12)).astype(float))
TREATED = pd.Series(np.arange(30) < 8)
NEAR = pd.DataFrame(np.eye(30, k=1, dtype=bool) | np.eye(30, k=-1, dtype=bool))


def rng():
    return np.random.default_rng(2)


ASKED = {
    "dispersion": lambda chosen: estimate_dispersion(TABLE.to_numpy(), chosen=chosen),
    "dispersion of harm": lambda chosen: harm_dispersion(
        TABLE.to_numpy()[None], np.array([2.0]), chosen=chosen
    ),
    "micro synthetic": lambda chosen: micro_synthetic(
        TABLE[[0, 1]], TABLE[2], TREATED, rng=rng(), draws=199, chosen=chosen
    ),
    "spatial permutation": lambda chosen: spatial_permutation(
        TABLE[0], TREATED, NEAR, rng=rng(), draws=199, chosen=chosen
    ),
    "group time": lambda chosen: group_time_effects(
        Panel(TABLE, TREATED * 9.0, TABLE[[]]), chosen=chosen
    ),
    "placebo ratios": lambda chosen: placebo_ratios(TABLE.T, 9, chosen=chosen),
    "placebo error": lambda chosen: placebo_error(
        TABLE.T, [0, 1], 9, rng=rng(), draws=20, chosen=chosen
    ),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_a_choice_by_records_is_refused_and_a_lottery_or_another_is_not(asked):
    with pytest.raises(AnalysisError, match="imputed_counts"):
        asked("by_records")
    assert asked("by_lottery") is not None
    assert asked("otherwise") is not None
