"""A p-value by drawing is one of so many: the draws that are made where none are asked for."""

import numpy as np
import pandas as pd
import pytest

from labtools.analysis.concentration import measure_concentration
from labtools.evaluation.interrupted_series import interrupted_series
from labtools.evaluation.micro_synthetic import micro_synthetic
from labtools.evaluation.randomisation import lottery, randomisation_test, spatial_permutation
from labtools.evaluation.synthetic_did import placebo_error

RNG = np.random.default_rng(3)
OUTCOME = pd.Series(np.r_[RNG.normal(8, 1, 8), RNG.normal(0, 1, 42)])
TREATED = pd.Series(np.arange(50) < 8)
NEAR = pd.DataFrame(np.eye(50, k=1, dtype=bool) | np.eye(50, k=-1, dtype=bool))
MONTHS = pd.date_range("2020-01-01", periods=60, freq="MS")


def rng():
    return np.random.default_rng(4)


def fallen():
    return pd.Series(RNG.poisson(np.where(MONTHS[40] > MONTHS, 200, 20)).astype(float), MONTHS)


def test_so_extreme_an_outcome_has_the_least_p_value_of_each_test():
    lots = randomisation_test(OUTCOME, TREATED, lottery(TREATED), rng=rng())
    events = pd.Series(np.where(TREATED, 400.0, 3.0))
    gathered = measure_concentration(events, rng=rng())

    assert (lots.p, lots.draws) == (1 / 2000, 1999)
    assert gathered.p_value == 1 / 1000
    assert interrupted_series(fallen(), MONTHS[40], rng=rng()).p == 1 / 2000


def test_maps_groups_and_placebos_are_as_many_as_is_said():
    past = pd.DataFrame({"same": np.ones(50)})
    after = pd.Series(RNG.poisson(9, 50).astype(float))
    table = pd.DataFrame(RNG.normal(10, 1, (8, 12)))

    assert spatial_permutation(OUTCOME, TREATED, NEAR, rng=rng()).draws == 1999
    assert len(micro_synthetic(past, after, TREATED, rng=rng()).placebos) == 249
    found = placebo_error(table, [0, 1], 6, rng=rng())
    assert len(found.placebos) == len(found.any_group) == 200
    assert found.p * 201 == pytest.approx(round(found.p * 201))
