import pandas as pd
import pytest

from labtools import messages
from labtools.narrative import early_warning
from labtools.tables.contracts import empty_table


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def alerts(told):
    return pd.DataFrame(
        {
            "colonia_id": [f"c{i}" for i in range(len(told))],
            "month": pd.Timestamp("2025-12-01"),
            "group": "theft",
            "model": "discounted_counts",
            "observed": 9,
            "expected": 2.04,
            "upper": 8,
            "p_value": [0.002, 0.0001, 0.4][: len(told)],
            "budget": 0.5,
            "alert": [sign == "!" for sign in told],
        }
    )


def board(**crps):
    return pd.DataFrame(
        {
            "group": "theft",
            "model": list(crps),
            "crps": list(crps.values()),
            "cover_95": 0.951,
            "shown": [i == len(crps) - 1 for i in range(len(crps))],
        }
    )


def test_alerts_stand_beside_the_false_ones_to_be_expected():
    said = early_warning.alert_sentences(alerts("!.!"))

    assert (
        said[0] == "In December 2025 2 counts of a colonia and group stood above what was expected."
    )
    assert "at most 0.5 false alerts a month" in said[1]


def test_the_least_expected_alert_comes_first_and_quiet_colonias_are_not_listed():
    names = pd.Series({"c0": "Centro", "c1": "Norte", "c2": "Sur"})

    told = early_warning.told_alerts(alerts("!!."), names)

    assert told["colonia"].tolist() == ["Norte", "Centro"]


def test_a_model_is_told_beside_last_year():
    said = early_warning.score_sentences(board(same_month_last_year=0.4, discounted_counts=0.3))

    assert "Its mean error is 0.30, that of the same month a year ago 0.40" in said[1]
    assert "95 of 100 counts" in said[1]


def test_where_last_year_is_not_beaten_it_is_said():
    said = early_warning.score_sentences(board(same_month_last_year=0.4))

    assert said[1].endswith("nothing more complex forecasts better.")


def test_without_months_enough_nothing_is_promised():
    assert "no alerts" in early_warning.alert_sentences(empty_table("alerts"))[0]
    assert "none is shown" in early_warning.score_sentences(empty_table("scoreboard"))[0]
