"""Moments under total randomisation are those over every order of the values: all are tried."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from labtools.analysis.hotspots.global_statistics import global_g, global_geary, global_moran

VALUES = np.array([1.0, 2.5, 7.0, 3.0, 0.5, 6.0])
PAIRS = [(0, 1), (1, 2), (2, 3), (3, 4), (1, 4), (2, 5)]
BINARY = np.zeros((6, 6))
for one, other in PAIRS:
    BINARY[one, other] = BINARY[other, one] = 1
ROWS = BINARY / BINARY.sum(axis=1, keepdims=True)


def moran(x):
    z = x - x.mean()
    return len(x) / ROWS.sum() * (z @ ROWS @ z) / (z @ z)


def geary(x):
    z, apart = x - x.mean(), (x[:, None] - x[None]) ** 2
    return (len(x) - 1) * (ROWS * apart).sum() / (2 * ROWS.sum() * (z @ z))


def getis(x):
    products = np.outer(x, x)
    return (BINARY * products).sum() / (products.sum() - np.trace(products))


KINDS = [(global_moran, moran, 1), (global_geary, geary, -1), (global_g, getis, 1)]


@pytest.mark.parametrize(("told", "by_hand", "side"), KINDS)
def test_mean_and_variance_are_those_over_all_orders_of_the_values(told, by_hand, side):
    every = np.array([by_hand(VALUES[list(p)]) for p in itertools.permutations(range(6))])

    found = told(pd.Series(VALUES), sparse.csr_array(BINARY))

    assert found.statistic == pytest.approx(by_hand(VALUES))
    assert found.expected == pytest.approx(every.mean())
    assert found.variance == pytest.approx(every.var())
    z = (by_hand(VALUES) - every.mean()) / every.std()
    assert found.z == pytest.approx(z)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert found.p_likeness == pytest.approx(stats.norm.sf(side * z))


@pytest.mark.parametrize("told", [global_moran, global_geary])
def test_an_island_and_who_is_left_alone_by_a_missing_value_take_no_part(told):
    # The seventh is an island, the eighth is missing, and the ninth has it alone beside it.
    wider = np.zeros((9, 9))
    wider[:6, :6] = BINARY
    wider[7, 8] = wider[8, 7] = 1
    values = pd.Series([*VALUES, 40.0, np.nan, 90.0])

    assert told(values, sparse.csr_array(wider)) == told(
        pd.Series(VALUES), sparse.csr_array(BINARY)
    )


def test_of_g_a_missing_value_takes_no_part_and_an_island_does():
    wider = np.zeros((7, 7))
    wider[:6, :6] = BINARY
    wider[0, 6] = wider[6, 0] = 1

    assert global_g(pd.Series([*VALUES, np.nan]), sparse.csr_array(wider)) == global_g(
        pd.Series(VALUES), sparse.csr_array(BINARY)
    )
    wider[0, 6] = wider[6, 0] = 0
    more = np.append(VALUES, 4.0)
    found = global_g(pd.Series(more), sparse.csr_array(wider))
    assert found.statistic == pytest.approx(more @ wider @ more / (more.sum() ** 2 - more @ more))
    assert found.expected == pytest.approx(2 * len(PAIRS) / (7 * 6))
