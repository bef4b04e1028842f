import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from labtools.analysis.trend import compare_years

END = pd.Timestamp("2026-01-01")
MONTHS = pd.date_range("2021-01-01", "2025-12-01", freq="MS")
SEASON = 1 + 0.3 * np.sin(2 * np.pi * np.arange(60) / 12)


def counted(means, rng=None, dispersion=1.0) -> pd.Series:
    means = np.broadcast_to(np.asarray(means, float), 60)
    if rng is None:
        return pd.Series(means, index=MONTHS)
    if dispersion > 1:
        drawn = rng.negative_binomial(means / (dispersion - 1), 1 / dispersion)
        return pd.Series(drawn, index=MONTHS, dtype=float)
    return pd.Series(rng.poisson(means), index=MONTHS, dtype=float)


def test_the_ratio_of_two_whole_years_is_that_of_their_sums():
    rng = np.random.default_rng(1)
    counts = counted(200 * SEASON, rng)

    found = compare_years(counts, END)

    # With every year whole and the same months, the fit reproduces the yearly totals.
    assert found.ratio == pytest.approx(counts[-12:].sum() / counts[-24:-12].sum(), rel=1e-6)
    assert found.lower < found.ratio < found.upper


@pytest.mark.parametrize("mean", [8, 400])
def test_the_closed_form_is_the_quasi_poisson_regression_on_month_and_year(mean):
    counts = counted(mean * SEASON, np.random.default_rng(6), dispersion=3)
    year, month = (pd.get_dummies(of, drop_first=True) for of in (MONTHS.year, MONTHS.month))
    design = np.column_stack([np.ones(60), year, month]).astype(float)
    model = sm.GLM(counts.to_numpy(), design, family=sm.families.Poisson())
    last_against_before = np.eye(design.shape[1])[4] - np.eye(design.shape[1])[3]

    found = compare_years(counts, END)

    theirs = model.fit(scale="X2").t_test(last_against_before, use_t=True)
    assert found.ratio == pytest.approx(np.exp(theirs.effect[0]))
    assert found.p_value == pytest.approx(float(theirs.pvalue), rel=1e-6)
    limits = np.exp(theirs.conf_int(0.05))[0]
    assert [found.lower, found.upper] == pytest.approx(limits.tolist(), rel=1e-6)


def test_season_alone_is_no_change():
    found = compare_years(counted(200 * SEASON), END)

    assert found.ratio == pytest.approx(1)
    assert found.p_value == pytest.approx(1)
    assert found.dispersion == 1


@pytest.mark.parametrize("dispersion", [1, 4])
@pytest.mark.parametrize("mean", [30, 300])
def test_where_nothing_changed_p_values_are_those_of_chance(mean, dispersion):
    rng = np.random.default_rng([mean, dispersion])

    found = [compare_years(counted(mean * SEASON, rng, dispersion), END) for _ in range(200)]

    # The standard error of the share is 0.015; never-below-1 dispersion errs on the safe side.
    assert np.mean([f.p_value < 0.05 for f in found]) <= 0.05 + 3 * 0.015
    assert np.mean([f.lower <= 1 <= f.upper for f in found]) >= 0.95 - 3 * 0.015


def test_a_true_rise_lies_in_the_interval():
    rng = np.random.default_rng(2)
    rise = np.where(np.arange(60) >= 48, 1.2, 1.0)

    found = [compare_years(counted(150 * rise, rng, 2), END) for _ in range(100)]

    assert np.mean([f.lower <= 1.2 <= f.upper for f in found]) >= 0.88
    assert np.mean([f.p_value < 0.05 for f in found]) > 0.9


def test_rounding_noise_widens_the_interval():
    counts = counted(20 * SEASON, np.random.default_rng(5))

    plain, noisy = (compare_years(counts, END, noise_variance=v) for v in (0, 16 / 3))

    assert noisy.lower < plain.lower < plain.upper < noisy.upper
    assert noisy.p_value > plain.p_value


@pytest.mark.parametrize("hole", ["2025-03-01", "2024-11-01"])
def test_a_month_that_is_not_known_makes_the_comparison_unknown(hole):
    counts = counted(100.0)
    counts[hole] = np.nan

    assert np.isnan(compare_years(counts, END).ratio)


def test_an_old_year_with_a_hole_is_left_out_and_the_rest_compared():
    counts = counted(200 * SEASON, np.random.default_rng(4))
    holed = counts.copy()
    holed["2021-06-01"] = np.nan

    assert compare_years(holed, END) == compare_years(counts[12:], END)


def test_a_year_without_any_event_has_no_ratio():
    counts = counted(100.0)
    counts["2024"] = 0

    assert np.isnan(compare_years(counts, END).ratio)


def test_records_still_to_come_are_no_fall_of_the_municipality():
    counts = counted(200 * SEASON)
    counts.iloc[-12:] *= 0.9

    blind, aware = compare_years(counts, END), compare_years(counts, END, complete=0.9)

    assert blind.upper < 1
    assert aware.ratio == pytest.approx(1.0)
    assert aware.lower == pytest.approx(blind.lower / 0.9)


def test_an_old_year_without_events_teaches_no_season_and_no_dispersion():
    counts = counted(200 * SEASON, np.random.default_rng(7), dispersion=2)
    counts["2021"] = 0.0

    assert compare_years(counts, END) == compare_years(counts[12:], END)


def test_limits_and_dispersion_of_two_years_are_by_hand():
    counts = counted(0.0)[36:]
    counts[:] = [*([10.0, 20.0] * 6), *([16.0, 14.0] * 6)]

    found = compare_years(counts, END, noise_variance=3.0, level=0.9)

    # 180 events in both years: each month is expected the mean of both, 13 or 17; 11 freedoms.
    pearson = 12 * (3**2 / 13 + 3**2 / 17)
    scale = pearson / 11 + 3 / 15
    reach = stats.t.ppf(0.95, 11) * np.sqrt(scale * 2 / 180)
    assert found.ratio == pytest.approx(1.0)
    assert found.dispersion == pytest.approx(scale)
    assert (found.lower, found.upper) == pytest.approx((np.exp(-reach), np.exp(reach)))
