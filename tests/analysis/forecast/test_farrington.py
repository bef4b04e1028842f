from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.analysis.forecast.farrington import (
    IMPROVED,
    MONTHLY,
    ORIGINAL,
    _Fitted,
    _predicted,
    _threshold,
    _trend_p,
    farrington_alarms,
)
from labtools.errors import AnalysisError


@pytest.fixture(scope="module")
def newport(oracle):
    """Weekly Salmonella Newport in Germany, 2004 to 2013."""
    table = oracle("salmNewport_weekly.csv")
    return pd.DataFrame(
        [table["observed"].to_numpy()], index=["newport"], columns=pd.to_datetime(table["date"])
    )


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("original", ORIGINAL),
        ("improved", IMPROVED),
        ("improved_muan", replace(IMPROVED, threshold="muan")),
    ],
)
def test_thresholds_and_alarms_are_those_of_surveillance(newport, reference, name, how):
    published = reference("farrington_newport.json")[name]
    judged = newport.columns[365:522]

    found = farrington_alarms(newport, judged, how)

    upper = np.array(published["upper"], float)
    assert np.array_equal(found["upper"].isna(), np.isnan(upper))
    assert found["upper"].to_numpy() == pytest.approx(upper, rel=2e-3, nan_ok=True)
    assert (np.flatnonzero(found["alarm"]) + 1).tolist() == published["alarms"]


def test_each_series_is_judged_as_if_it_were_alone():
    rng = np.random.default_rng(4)
    months = pd.date_range("2019-01-01", periods=60, freq="MS")
    counts = pd.DataFrame(rng.poisson(6, (3, 60)), index=list("abc"), columns=months)

    together = farrington_alarms(counts, months[-2:], MONTHLY)

    alone = farrington_alarms(counts.loc[["b"]], months[-2:], MONTHLY)
    own = together[together["series"] == "b"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, alone)


def test_a_surge_is_an_alarm_and_an_ordinary_month_is_none():
    months = pd.date_range("2019-01-01", periods=60, freq="MS")
    counts = pd.DataFrame([np.tile([9, 10, 11], 20)], index=["a"], columns=months)
    surge = counts.copy()
    surge.iloc[0, -1] = 40

    quiet, loud = (farrington_alarms(c, months[-1:], MONTHLY)["alarm"][0] for c in (counts, surge))

    assert (quiet, loud) == (False, True)


def test_too_few_earlier_years_are_refused():
    months = pd.date_range("2023-01-01", periods=20, freq="MS")
    counts = pd.DataFrame(np.ones((1, 20)), columns=months)

    with pytest.raises(AnalysisError, match="by 3 earlier years"):
        farrington_alarms(counts, months[-1:], MONTHLY)


LAW = (np.log(np.array([4.0, 12.0])), np.array([0.1, 0.05]), np.array([1.0, 2.5]))


def test_on_the_scale_of_two_thirds_the_threshold_has_the_p_value_of_its_error():
    eta, error, phi = LAW
    how = replace(ORIGINAL, alpha=0.03)
    y = np.array([5.0, 11.0])

    upper, _ = _threshold(y, eta, error, phi, how)
    _, at_upper = _threshold(upper, eta, error, phi, how)
    _, p_value = _threshold(y, eta, error, phi, how)

    # Farrington and others (1996): variance 4/9 of the cube root times dispersion and error.
    mean = np.exp(eta)
    sd = 2 / 3 * mean ** (1 / 6) * np.sqrt(phi + mean * error**2)
    assert upper == pytest.approx((mean ** (2 / 3) + stats.norm.isf(0.03) * sd) ** 1.5)
    assert at_upper == pytest.approx([0.03, 0.03])
    assert p_value == pytest.approx(stats.norm.sf((y ** (2 / 3) - mean ** (2 / 3)) / sd))


@pytest.mark.parametrize("threshold", ["negative_binomial", "muan"])
def test_the_counted_thresholds_are_quantiles_of_poisson_and_of_its_mixture(threshold):
    eta, error, phi = LAW
    how = replace(IMPROVED, threshold=threshold, alpha=0.03)
    y = np.array([0.0, 14.0])

    upper, p_value = _threshold(y, eta, error, phi, how)

    mean = np.exp(eta + (stats.norm.isf(0.03) * error if threshold == "muan" else 0.0))
    mixed = stats.nbinom(mean[1] / 1.5, 1 / 2.5)
    assert upper.tolist() == [stats.poisson.isf(0.03, mean[0]), mixed.isf(0.03)]
    assert p_value == pytest.approx([1.0, mixed.sf(13)])
    _, of_poisson = _threshold(np.array([7.0, 1.0]), eta, error, phi, how)
    assert of_poisson == pytest.approx([stats.poisson.sf(6, mean[0]), mixed.sf(0)])


def test_a_dispersion_is_held_at_one_and_a_trend_is_tested_by_student():
    fit = _Fitted(
        np.array([[1.0, 0.4], [2.0, -0.1]]),
        np.ones((2, 9)),
        np.array([np.diag([0.04, 0.01])] * 2),
        np.array([0.5, 3.0]),
        np.array([4.0, 1.0]),
    )

    eta, error, phi = _predicted(fit, np.array([1.0, 2.0]))

    assert eta == pytest.approx([1.8, 1.8])
    assert error == pytest.approx([2 * np.sqrt(0.08), np.sqrt(0.08)])
    assert phi.tolist() == [1.0, 3.0]
    # Errors of 0.2 and 0.1; nine steps, two coefficients.
    assert _trend_p(fit, 9) == pytest.approx(2 * stats.t.sf([2.0, 1.0], 7))


@pytest.mark.parametrize(("cases", "told"), [((5, 2), True), ((6, 2), False), ((6, 3), True)])
def test_so_many_cases_in_so_many_last_steps_are_enough_for_a_threshold(cases, told):
    months = pd.date_range("2019-01-01", periods=60, freq="MS")
    row = np.full(60, 2.0)
    row[-3:] = [1.0, 2.0, 3.0]
    counts = pd.DataFrame([row], index=["a"], columns=months)

    found = farrington_alarms(counts, months[-1:], replace(MONTHLY, fewest=cases))

    assert found.columns.to_list() == [
        *("series", "step", "observed", "expected", "upper", "p_value", "alarm")
    ]
    assert bool(found["upper"].notna().item()) is told
    assert bool(found["expected"].notna().item()) is told
    assert (found["series"].item(), found["step"].item()) == ("a", months[-1])
    assert found["observed"].item() == 3.0


def test_a_step_without_enough_years_before_it_is_refused_with_both_days():
    months = pd.date_range("2019-01-01", periods=40, freq="MS")
    counts = pd.DataFrame(np.ones((1, 40)), columns=months)

    with pytest.raises(AnalysisError, match=r"judge 2022-01-01 by 3 .* begin in 2019-01-01"):
        farrington_alarms(counts, months[36:37], MONTHLY)
    assert len(farrington_alarms(counts, months[37:38], MONTHLY)) == 1
