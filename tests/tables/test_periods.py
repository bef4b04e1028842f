import pandas as pd
import pytest

from labtools.errors import SettingsError
from labtools.tables.periods import quarter_of, window_ending


def window(period_end, first="2022-01-01", last="2024-12-01"):
    return window_ending(period_end, first=pd.Timestamp(first), last=pd.Timestamp(last))


def test_a_window_is_the_twelve_months_that_end_where_asked():
    found = window("2024-06")

    assert found.before_start == pd.Timestamp("2022-07-01")
    assert found.start == pd.Timestamp("2023-07-01")
    assert found.end == pd.Timestamp("2024-07-01")
    assert found.last_month == "2024-06"


@pytest.mark.parametrize(
    ("last", "end"),
    [
        ("2024-12-01", "2024-12"),
        ("2024-11-01", "2024-09"),
        ("2024-10-01", "2024-09"),
        ("2024-09-01", "2024-09"),
        ("2025-01-01", "2024-12"),
    ],
)
def test_without_a_period_it_is_the_last_complete_quarter(last, end):
    assert window("", last=last).last_month == end


@pytest.mark.parametrize("period", ["2024-12", "2022-12"])
def test_the_first_and_the_last_whole_window_are_allowed(period):
    assert window(period).last_month == period


@pytest.mark.parametrize("period", ["2025-03", "2022-09", "2019-12"])
def test_a_window_that_the_data_do_not_cover_is_refused(period):
    with pytest.raises(SettingsError) as refused:
        window(period)

    for fact in (period, "2022-01", "2024-12"):
        assert fact in str(refused.value)


def test_less_than_a_year_of_data_makes_no_window():
    with pytest.raises(SettingsError, match="from 2024-02 to 2024-12"):
        window("", first="2024-02-01")


@pytest.mark.parametrize("period", ["2024-13", "diciembre", "2024", "2024-12-31", "2024-00"])
def test_what_is_no_month_is_refused_with_an_example(period):
    with pytest.raises(SettingsError, match="YYYY-MM, for example 2025-12"):
        window(period)


@pytest.mark.parametrize("period", ["2024-01", "2024-02", "2024-11"])
def test_a_period_ends_with_a_quarter(period):
    with pytest.raises(SettingsError, match=f"{period} does not"):
        window(period)


def test_each_month_belongs_to_its_quarter():
    months = pd.Series(pd.to_datetime(["2024-01-01", "2024-03-01", "2024-04-01", "2024-12-01"]))

    quarters = quarter_of(months).dt.strftime("%Y-%m-%d")

    assert quarters.tolist() == ["2024-01-01", "2024-01-01", "2024-04-01", "2024-10-01"]
