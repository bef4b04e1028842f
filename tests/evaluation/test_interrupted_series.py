import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.interrupted_series import interrupted_series

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
