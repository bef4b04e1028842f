import pandas as pd
import pytest

from labtools import messages
from labtools.charts.forecast import forecast_chart
from labtools.narrative import early_warning
from labtools.tables import vocabulary as words
from labtools.tables.contracts import empty_table


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def alerts(told, complete=1.0):
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
            "complete": complete,
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


@pytest.mark.parametrize(
    ("complete", "said"),
    [
        (1.0, "cannot make one"),
        (None, "is not known, and nothing was allowed for"),
        (0.8, "About 80 % of the records of the last month are reckoned to be in"),
    ],
)
def test_late_records_make_no_alert_only_where_nothing_was_lowered_for_them(complete, said):
    told = early_warning.alert_sentences(alerts("!", complete))[2]

    assert said in told
    assert ("some alerts are false" in told) == (complete == 0.8)


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


def ahead(*limits):
    return pd.DataFrame(
        {
            "colonia_id": "c1",
            "month": pd.date_range("2026-01-01", periods=len(limits), freq="MS"),
            "group": "total",
            "lower_50": [low + 1 for low, _ in limits],
            "upper_50": [high - 1 for _, high in limits],
            "lower_95": [low for low, _ in limits],
            "upper_95": [high for _, high in limits],
        }
    )


def test_the_months_to_come_are_told_as_intervals_only():
    said = early_warning.ahead_sentences(ahead((0, 7), (1, 9)))

    assert said[0].startswith("In January 2026, between 0 and 7 recorded crimes")
    assert said[1].startswith("In February 2026, between 1 and 9")
    assert "no goal" in said[2]


def test_without_enough_months_nothing_is_expected():
    said = early_warning.ahead_sentences(ahead())

    assert said == ("There are not enough months yet to expect the next ones.",)


def test_the_chart_of_months_to_come_reads_its_intervals_aloud():
    drawn = str(forecast_chart(ahead((0, 7), (1, 9))))

    assert "January 2026: between 0 and 7" in drawn
    assert drawn.count("between") >= 4  # read aloud, and beside each row


def test_a_chart_without_months_to_come_says_so():
    assert words.label(words.MISSING) in str(forecast_chart(ahead()))
