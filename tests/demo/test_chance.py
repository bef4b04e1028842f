import numpy as np
import pytest

from labtools.demo.chance import draw_columns, generator, logistic, smooth_field, standardised
from labtools.errors import SettingsError


def test_each_part_has_its_own_stream_and_always_the_same():
    again = [generator(7, part).random(3).tolist() for part in ("ground", "ground", "names")]

    assert again[0] == again[1]
    assert again[0] != again[2]


def test_a_negative_seed_is_refused_with_the_remedy():
    with pytest.raises(SettingsError, match="-3"):
        generator(-3, "ground")


def test_near_points_of_a_smooth_field_resemble_each_other_as_the_formula_says():
    pairs = np.array([[0.0, 0.0], [1_000.0, 0.0]])
    rng = np.random.default_rng(1)

    draws = np.array([smooth_field(pairs, rng, reach=2_000) for _ in range(4_000)])

    assert np.corrcoef(draws.T)[0, 1] == pytest.approx(np.exp(-0.5), abs=0.04)
    assert draws.std(axis=0) == pytest.approx([1, 1], abs=0.04)


def test_a_standardised_series_has_mean_0_and_deviation_1():
    values = standardised(np.array([3.0, 8.0, 1.0, 4.0]))

    assert (values.mean(), values.std()) == pytest.approx((0, 1))


def test_log_odds_of_three_to_one_are_a_share_of_three_quarters():
    assert logistic(np.log(np.array([3.0])))[0] == pytest.approx(0.75)


def test_columns_are_drawn_with_the_weights_of_their_row():
    shares = np.array([[1.0, 3.0, 0.0], [0.0, 0.0, 2.0]])
    rows = np.repeat([0, 1], 8_000)

    chosen = draw_columns(shares, rows, np.random.default_rng(5))

    assert (chosen[8_000:] == 2).all()
    # Four standard errors of a share of 3/4 among 8,000.
    assert np.bincount(chosen[:8_000]) / 8_000 == pytest.approx([0.25, 0.75], abs=0.02)
