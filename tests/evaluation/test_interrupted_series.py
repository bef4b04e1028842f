import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.errors import AnalysisError
from labtools.evaluation.interrupted_series import (
    _a_year,
    _design,
    _directions,
    _drawn,
    _memory,
    interrupted_series,
)

MONTHS = pd.date_range("2020-01-01", periods=72, freq="MS")
START = pd.Timestamp("2024-01-01")


def series(rng, *, memory=0.0, dispersion=1.0, fall=0.0):
    noise = rng.standard_normal(72)
    path = noise.copy()
    for month in range(1, 72):
        path[month] = memory * path[month - 1] + np.sqrt(1 - memory**2) * noise[month]
    mean = 100 * np.exp(0.1 * np.cos(2 * np.pi * np.arange(72) / 12) - fall * (MONTHS >= START))
    lifted = mean * np.maximum(1 + path * np.sqrt((dispersion - 1) / mean), 0.05)
    return pd.Series(rng.poisson(lifted), MONTHS)


def test_a_series_without_noise_gives_back_its_change():
    angle = 2 * np.pi * MONTHS.month.to_numpy() / 12
    mean = 1_000 * np.exp(0.2 * np.cos(angle) + 0.004 * np.arange(72) - 0.25 * (MONTHS >= START))

    counts = pd.Series(mean.round(), MONTHS)

    got = interrupted_series(counts, START, rng=np.random.default_rng(1))

    # Rounding to whole events moves a mean of 1,000 by less than a thousandth.
    assert got.level == pytest.approx(-0.25, abs=1e-3)


def rejections(rng, *, memory, dispersion, seeds):
    p = [
        interrupted_series(
            series(rng, memory=memory, dispersion=dispersion), START, rng=rng, draws=299
        ).p
        for _ in range(seeds)
    ]
    return np.mean(np.array(p) <= 0.05)


# In the last two shocks last: half of the variance for months, or nearly all of it for years.
@pytest.mark.parametrize(
    ("memory", "dispersion"), [(0.0, 1.0), (0.0, 4.0), (0.4, 3.0), (0.7, 2.0), (0.95, 40.0)]
)
def test_without_change_few_series_are_rejected(memory, dispersion):
    found = rejections(np.random.default_rng(7), memory=memory, dispersion=dispersion, seeds=150)

    # Three binomial standard errors above 5 %.
    assert found <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)


def test_unrelated_months_are_rejected_as_often_as_is_said():
    found = rejections(np.random.default_rng(17), memory=0.0, dispersion=2.0, seeds=400)

    # 99.7 % of draws of an exact test of 5 % lie in there.
    assert 0.0175 <= found <= 0.0825


def test_a_fall_by_a_third_is_found():
    counts = series(np.random.default_rng(8), dispersion=2.0, fall=0.4)

    got = interrupted_series(counts, START, rng=np.random.default_rng(1), slope=True)

    assert got.upper < 0
    assert got.p < 0.05


@pytest.mark.parametrize(
    ("drop", "expected"), [(MONTHS[5:6], "lacks 1"), (MONTHS[:30], "18 before")]
)
def test_short_or_holed_series_are_refused(drop, expected):
    counts = series(np.random.default_rng(1)).drop(drop)

    with pytest.raises(AnalysisError, match=expected):
        interrupted_series(counts, START, rng=np.random.default_rng(1))


def test_quarters_give_back_their_change_too():
    quarters = pd.date_range("2018-01-01", periods=32, freq="QS")
    angle = 2 * np.pi * quarters.month.to_numpy() / 12
    after = quarters >= quarters[20]
    mean = 9_000 * np.exp(0.2 * np.sin(angle) - 0.004 * np.arange(32) + 0.15 * after)

    got = interrupted_series(
        pd.Series(mean.round(), quarters), quarters[20], rng=np.random.default_rng(1)
    )

    # Rounding to whole events moves a mean of 9,000 by far less than a thousandth.
    assert got.level == pytest.approx(0.15, abs=1e-3)


def test_a_series_without_noise_gives_back_its_change_of_slope_too():
    angle = 2 * np.pi * MONTHS.month.to_numpy() / 12
    after = np.maximum(np.arange(72) - 48, 0)
    mean = 50_000 * np.exp(0.2 * np.sin(2 * angle) - 0.1 * (MONTHS >= START) + 0.01 * after)

    got = interrupted_series(
        pd.Series(mean.round(), MONTHS), START, rng=np.random.default_rng(1), slope=True
    )

    assert got.level == pytest.approx(-0.1, abs=1e-4)
    assert got.slope == pytest.approx(0.01, abs=1e-5)
    plain = interrupted_series(pd.Series(mean.round(), MONTHS), START, rng=np.random.default_rng(1))
    assert plain.slope == 0.0
    assert got.dispersion == 1.0


def test_the_direction_of_the_level_and_the_waves_are_at_right_angles_to_all_else():
    design = _design(MONTHS, START, slope=False) * np.linspace(1, 2, 72)[:, None]

    seen, waves, moved = _directions(design)

    all_of_them = np.column_stack([seen, waves])
    assert waves.shape == (72, 6)
    assert all_of_them.T @ all_of_them == pytest.approx(np.eye(7), abs=1e-9)
    assert np.delete(design, 1, axis=1).T @ all_of_them == pytest.approx(0, abs=1e-7)
    assert moved == pytest.approx(seen @ design[:, 1])


def test_slow_waves_come_first():
    _, waves, _ = _directions(np.column_stack([np.ones(72), np.arange(72) >= 48.0]))

    turns = (np.diff(np.sign(waves), axis=0) != 0).sum(axis=0)
    assert turns[0] <= 4
    assert turns.max() <= 12


def test_drawn_series_have_the_memory_asked_for_and_a_variance_of_one():
    drawn = _drawn(60, 0.6, np.random.default_rng(2), 20_000)

    assert drawn.var(axis=0) == pytest.approx(np.ones(60), abs=0.05)
    assert (drawn[:, 1:] * drawn[:, :-1]).mean() == pytest.approx(0.6, abs=0.01)
    assert (drawn[:, 2:] * drawn[:, :-2]).mean() == pytest.approx(0.36, abs=0.01)


def test_memory_is_the_first_autocorrelation_with_what_fitting_takes_given_back():
    residual = np.array([1.0, 1.0, 1.0, -1.0, -1.0, -1.0])

    # Four products of five are 1 and one is -1: 3 / 6; one column of six takes a sixth of 1.5.
    assert _memory(residual, 0) == pytest.approx(0.5)
    assert _memory(residual, 1) == pytest.approx(0.5 + 1.5 / 6)
    assert _memory(residual, 4) == 0.99
    assert _memory(np.array([1.0, -1.0, 1.0, -1.0]), 0) == 0.0


def test_where_months_are_unrelated_the_level_is_students_t_of_six_waves():
    # One month up, the next one down, beside chance: no memory is left.
    rng = np.random.default_rng(3)
    counts = pd.Series(rng.poisson(400, 72) + np.tile([12, -12], 36), MONTHS)

    got = interrupted_series(counts, START, rng=rng, draws=6_000, cover=0.9)

    assert got.memory == 0
    assert (got.upper - got.level) / got.se == pytest.approx(stats.t.ppf(0.95, 6), rel=0.06)
    assert got.level - got.lower == pytest.approx(got.upper - got.level)
    assert got.p == pytest.approx(2 * stats.t.sf(abs(got.level) / got.se, 6), abs=0.03)


def test_quarters_are_told_from_months_by_the_months_in_which_they_begin():
    quarters = pd.date_range("2020-01-01", periods=8, freq="QS")

    assert (_a_year(quarters), _a_year(MONTHS)) == (4, 12)
    assert _design(quarters, quarters[4], slope=False).shape == (8, 6)
    design = _design(MONTHS, START, slope=True)
    assert design.shape == (72, 8)
    assert design[[47, 48, 50], 1].tolist() == [0, 1, 1]
    assert design[[47, 48, 50], 2].tolist() == [0, 0, 2]
    assert design[[0, 12, 71], 3] == pytest.approx([-35.5 / 12, -23.5 / 12, 35.5 / 12])
    assert design[2, 4:] == pytest.approx([0, 1, -1, 0], abs=1e-12)


def test_a_series_of_nothing_or_less_and_too_few_draws_are_refused():
    counts = series(np.random.default_rng(1))
    rng = np.random.default_rng(1)

    with pytest.raises(AnalysisError, match="negative"):
        interrupted_series(counts.where(MONTHS[3] != MONTHS, -1), START, rng=rng)
    with pytest.raises(AnalysisError, match="“after”"):
        interrupted_series(counts.where(MONTHS < START, 0), START, rng=rng)
    with pytest.raises(AnalysisError, match="198 draws"):
        interrupted_series(counts, START, rng=rng, draws=198)
    with pytest.raises(AnalysisError, match="5 after"):
        interrupted_series(counts[:53], START, rng=rng)
    assert interrupted_series(counts[24:54], START, rng=rng, draws=199).se > 0


def test_the_first_wave_is_half_a_turn_less_what_the_level_tells_of_it():
    level = (np.arange(40) >= 26).astype(float)

    seen, waves, moved = _directions(np.column_stack([np.ones(40), level]))

    # Cosines of whole half turns sum to nil: only the level's own part is taken out.
    own = (level - level.mean()) / np.linalg.norm(level - level.mean())
    half = np.cos(np.pi * (np.arange(40) + 0.5) / 40)
    left = half - own * (own @ half)
    assert seen == pytest.approx(own)
    assert moved == pytest.approx(np.linalg.norm(level - level.mean()))
    assert waves[:, 0] == pytest.approx(left / np.linalg.norm(left))


@pytest.mark.parametrize(
    ("times", "start", "told"),
    [
        (pd.date_range("2020-01-01", periods=29, freq="MS"), 24, "24 before .* 5 after; 24 and 6"),
        (pd.date_range("2020-01-01", periods=29, freq="MS"), 23, "23 before .* 6 after; 24 and 6"),
        (pd.date_range("2018-01-01", periods=9, freq="QS"), 8, "8 before .* 1 after; 8 and 2"),
        (pd.date_range("2018-01-01", periods=9, freq="QS"), 7, "7 before .* 2 after; 8 and 2"),
    ],
)
def test_two_years_before_and_half_a_year_after_are_enough_and_less_is_told(times, start, told):
    counts = pd.Series(np.arange(len(times)) % 3 + 5.0, times)

    with pytest.raises(AnalysisError, match=f"lacks 0 .* {told}"):
        interrupted_series(counts, times[start], rng=np.random.default_rng(1))


def test_a_quarter_or_month_told_twice_or_not_at_all_is_counted():
    times = pd.date_range("2018-01-01", periods=16, freq="QS")
    counts = pd.Series(np.arange(16) % 3 + 5.0, times)
    twice = pd.concat([counts.drop(times[3]), counts[:1]]).sort_index()

    with pytest.raises(AnalysisError, match="lacks 2 "):
        interrupted_series(twice, times[12], rng=np.random.default_rng(1))


def test_a_side_without_events_is_named_with_what_its_mean_would_make():
    counts = pd.Series(np.where(MONTHS < START, 0.0, 1.5), MONTHS)

    # 24 months of 1.5 in 72: half an event a month, 24 in the 48 before.
    with pytest.raises(AnalysisError, match=r"“before” there were 0 events and 24\.0 were"):
        interrupted_series(counts, START, rng=np.random.default_rng(1))
    later = pd.Series(np.where(MONTHS < START, 1.1, 0.0), MONTHS)
    with pytest.raises(AnalysisError, match=r"“after” there were 0 events and 17\.6 were"):
        interrupted_series(later, START, rng=np.random.default_rng(1))


def test_a_memory_so_long_that_it_would_never_fade_is_held_below_one():
    assert _memory(np.linspace(1, 2, 50), 8) == 0.99
