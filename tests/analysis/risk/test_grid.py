"""Where the parameters lie, held to a normal law, whose peak, bends and moments are known."""

import numpy as np
import pytest

from labtools.analysis.risk.grid import _bend, find_peak, lay_grid

CENTRE = np.array([-0.7, 0.8])
PRECISION = np.array([[9.0, 6.0], [6.0, 40.0]])


def normal(pairs, centre=CENTRE, precision=PRECISION):
    away = np.atleast_2d(pairs) - centre
    return 3.0 - np.einsum("ni,ij,nj->n", away, precision, away) / 2


def test_the_peak_of_a_normal_law_is_its_centre_wherever_the_search_begins():
    for start in (np.array([0.0, 0.3]), np.array([-2.0, 1.4])):
        assert find_peak(normal, start) == pytest.approx(CENTRE, abs=0.002)


def test_a_peak_beyond_the_right_angle_is_told_at_it():
    def beyond(pairs):
        return normal(pairs, np.array([-0.7, 1.9]), np.diag([9.0, 40.0]))

    assert find_peak(beyond, np.array([0.0, 0.8])) == pytest.approx([-0.7, np.pi / 2], abs=0.002)


def test_the_bends_of_a_normal_law_are_its_precision():
    assert _bend(normal, CENTRE) == pytest.approx(PRECISION)


def test_a_grid_has_the_mean_and_the_covariance_of_a_normal_law():
    pairs = lay_grid(normal, CENTRE, (21, 21))

    weight = np.exp(normal(pairs))
    weight /= weight.sum()
    mean = weight @ pairs
    away = pairs - mean
    covariance = (weight[:, None] * away).T @ away
    expected = np.linalg.inv(PRECISION)
    assert mean == pytest.approx(CENTRE, abs=1e-6)
    # It reaches 2.75 deviations: a normal law cut there keeps 95.5 % of its variance.
    assert np.diag(covariance) == pytest.approx(np.diag(expected) * 0.955, rel=0.03)
    assert covariance[0, 1] == pytest.approx(expected[0, 1] * 0.955, rel=0.03)


def test_the_points_of_a_grid_are_as_far_apart_as_cells_of_one_size():
    pairs = lay_grid(normal, CENTRE, (8, 6))

    angles = np.unique(pairs[:, 1].round(12))
    wide = 2.75 * np.sqrt(np.linalg.inv(PRECISION)[1, 1])
    steps = CENTRE[1] - wide + (np.arange(6) + 0.5) * wide / 3
    assert angles == pytest.approx(steps)
    for angle in angles:
        row = np.sort(pairs[np.isclose(pairs[:, 1], angle), 0])
        assert np.diff(row) == pytest.approx(2 * 2.75 / 3 / 8)
        # The ridge of the law leans: its middle follows the conditional mean.
        assert row.mean() == pytest.approx(CENTRE[0] - 6 / 9 * (angle - CENTRE[1]), abs=1e-9)


def test_points_that_weigh_less_than_a_three_thousandth_are_left_out():
    pairs = lay_grid(normal, CENTRE, (40, 40))

    fallen = normal(CENTRE[None])[0] - normal(pairs)
    assert fallen.max() <= 8.0
    # At the corners 2.75² is 7.6: a finer and wider grid would be cut, this one is whole.
    assert len(pairs) == 1_600


def test_a_grid_ends_at_the_right_angle_and_at_nothing():
    near = lay_grid(
        lambda pairs: normal(pairs, np.array([-0.7, 1.5]), np.diag([9.0, 1.0])),
        np.array([-0.7, 1.5]),
        (5, 4),
    )

    assert np.unique(near[:, 1].round(9)) == pytest.approx(np.pi / 2 * np.array([1, 3, 5, 7]) / 8)


def test_where_the_density_does_not_bend_down_the_grid_does_not_lean_and_keeps_all_points():
    def saddle(pairs):
        return normal(pairs, CENTRE, np.array([[9.0, 12.0], [12.0, 4.0]]))

    pairs = lay_grid(saddle, CENTRE, (5, 4))

    assert len(pairs) == 20
    assert pairs.reshape(4, 5, 2)[:, :, 0] == pytest.approx(
        np.tile(CENTRE[0] + 2.75 / 3 * np.array([-0.8, -0.4, 0, 0.4, 0.8]), (4, 1))
    )
