from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labtools.analysis.forecast.farrington import IMPROVED, MONTHLY, ORIGINAL, farrington_alarms
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
