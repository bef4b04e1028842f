import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.errors import AnalysisError
from labtools.evaluation.sensitivity import drift_borne, folded_quantile, trend_sensitivity


def path(before, after):
    times = [*range(-len(before), 0), *range(len(after))]
    return pd.DataFrame({"effect": [*before, *after]}, index=times)


def influence(se, n_times, rng):
    """Independent effects, each with this error, from 50 places."""
    noise = np.linalg.qr(rng.normal(size=(50, n_times)))[0]
    return noise * se


def test_the_quantile_is_the_normal_one_without_bias_and_one_sided_with_much():
    assert folded_quantile(0.0) == pytest.approx(stats.norm.ppf(0.975))
    assert folded_quantile(6.0) == pytest.approx(6 + stats.norm.ppf(0.95), abs=1e-6)


def test_without_departure_the_interval_is_the_usual_one():
    effects = path([0.01, 0.0], [-0.2, -0.3])
    parts = influence(0.05, 4, np.random.default_rng(1))

    got = trend_sensitivity(effects, parts).intervals.loc[0.0]

    se = 0.05 / np.sqrt(2)
    assert got["lower"] == pytest.approx(-0.25 - 1.959964 * se, abs=1e-5)
    assert got["upper"] == pytest.approx(-0.25 + 1.959964 * se, abs=1e-5)


def test_departures_widen_the_interval_and_the_breakdown_is_where_it_reaches_nil():
    effects = path([0.02, 0.0], [-0.2, -0.3])
    parts = influence(0.05, 4, np.random.default_rng(1))

    got = trend_sensitivity(effects, parts)
    at = trend_sensitivity(effects, parts, multiples=(got.breakdown,)).intervals.iloc[0]

    assert got.largest_before == pytest.approx(0.02)
    assert (np.diff(got.intervals["upper"]) > 0).all()
    assert at["upper"] == pytest.approx(0, abs=1e-9)


def test_an_effect_that_is_not_told_from_nil_bears_no_departure():
    effects = path([0.02, 0.0], [-0.02, -0.03])

    got = trend_sensitivity(effects, influence(0.05, 4, np.random.default_rng(1)))

    assert got.breakdown == 0


def test_without_a_history_there_is_nothing_to_compare_with():
    with pytest.raises(AnalysisError, match="before and after"):
        trend_sensitivity(path([], [0.1]), np.zeros((3, 1)))


def test_with_paths_that_drift_as_before_the_interval_covers_the_truth():
    rng = np.random.default_rng(4)
    times = np.arange(-6, 3)
    covered = 0
    for _ in range(300):
        value = 0.03 * (times + 1) + rng.normal(0, 0.02, len(times)) - 0.2 * (times >= 0)
        effects = pd.DataFrame({"effect": value}, index=times)
        got = trend_sensitivity(effects, influence(0.02, len(times), rng), multiples=(1.0,))
        row = got.intervals.iloc[0]
        covered += row["lower"] <= -0.2 <= row["upper"]

    assert covered >= 285


def test_an_effect_bears_the_drift_at_which_its_interval_reaches_nil():
    # Without error an effect of 0.3 over two years bears 0.15 a year: three gaps of 0.05.
    assert drift_borne(-0.3, 1e-9, gap=0.05, years=2, level=0.95) == pytest.approx(3, rel=1e-4)
    # With error, the far limit of a biased normal: bias over error, less 1.645.
    borne = drift_borne(-0.3, 0.1, gap=0.05, years=1, level=0.95)
    assert borne == pytest.approx((3 - 1.645) / 0.5, abs=0.02)
    assert drift_borne(-0.1, 0.1, gap=0.05, years=1, level=0.95) == 0
    assert np.isnan(drift_borne(-0.3, np.inf, gap=0.05, years=1, level=0.95))


def test_departures_add_up_year_by_year_and_the_year_before_counts_from_nil():
    # Steps of 0.03 and 0.02 before; means of one and two periods after are 1.5 such steps away.
    effects = path([0.05, 0.02], [-0.2, -0.3])
    parts = influence(1e-9, 4, np.random.default_rng(1))

    got = trend_sensitivity(effects, parts, multiples=(1.0, 2.0))

    assert got.largest_before == pytest.approx(0.03)
    assert got.intervals["upper"].to_list() == pytest.approx(
        [-0.25 + 0.045, -0.25 + 0.09], abs=1e-6
    )
    assert got.intervals["lower"].to_list() == pytest.approx(
        [-0.25 - 0.045, -0.25 - 0.09], abs=1e-6
    )
    assert got.breakdown == pytest.approx(0.25 / 0.045, rel=1e-4)
    without = effects.drop(index=-1)
    told = trend_sensitivity(without, parts[:, [0, 2, 3]], multiples=(1.0,))
    assert told.largest_before == pytest.approx(0.05)


def test_without_a_gap_no_drift_takes_the_effect_away():
    assert drift_borne(-0.3, 0.1, gap=0.0, years=1, level=0.95) == np.inf
    assert drift_borne(-0.1, 0.1, gap=0.0, years=1, level=0.95) == 0.0
    # Either sign of the gap is one drift.
    assert drift_borne(-0.3, 0.1, gap=-0.05, years=1, level=0.95) == pytest.approx(
        drift_borne(-0.3, 0.1, gap=0.05, years=1, level=0.95)
    )
    for wrong in ({"gap": np.nan, "years": 1}, {"gap": 0.1, "years": 0}, {"gap": 0.1, "years": -1}):
        assert np.isnan(drift_borne(-0.3, 0.1, **wrong, level=0.95))
    assert np.isnan(drift_borne(-0.3, 0.0, gap=0.1, years=1, level=0.95))


def test_a_path_that_never_moved_before_has_a_breakdown_without_end():
    got = trend_sensitivity(path([0.0, 0.0], [-0.3]), influence(0.05, 3, np.random.default_rng(2)))

    assert got.largest_before == 0
    assert got.breakdown == np.inf
    assert got.intervals.index.to_list() == [0.0, 0.25, 0.5, 1.0, 2.0]
    assert got.intervals["upper"].to_numpy() == pytest.approx(got.intervals["upper"].iloc[0])
