import pandas as pd
import pytest

from labtools.tables import vocabulary as words
from labtools.tables.panel import complete_months, count_events, quarterly

COLONIAS = pd.Index(["1", "2"])
MONTHS = pd.date_range("2024-01-01", "2024-03-01", freq="MS")


def events(*rows, record_type="case_file"):
    table = pd.DataFrame(rows, columns=["colonia_id", "occurred_on", "crime_group"])
    table["occurred_on"] = pd.to_datetime(table["occurred_on"], format="ISO8601")
    return table.assign(record_type=record_type)


def counted(*rows, groups=("robbery", "theft"), months=MONTHS):
    return count_events(events(*rows), COLONIAS, months, groups)


def test_every_colonia_month_and_group_has_a_row_and_what_did_not_happen_is_zero():
    found = counted(("1", "2024-02-29 23:00", "robbery"), ("1", "2024-02-01", "robbery"))

    panel = found.panel
    assert len(panel) == 2 * 3 * 2
    assert panel["events"].notna().all()
    assert panel["events"].sum() == 2
    cell = panel.set_index(["colonia_id", "month", "group"])["events"]
    assert cell["1", pd.Timestamp("2024-02-01"), "robbery"] == 2


def test_every_event_is_counted_or_told_apart():
    found = counted(
        ("1", "2024-01-31", "robbery"),
        (None, "2024-01-31", "robbery"),
        ("9", "2024-01-31", "robbery"),
        ("1", "2024-01-31", "sensitive"),
        ("1", "2023-12-31", "robbery"),
        ("1", "2024-04-01", "robbery"),
    )

    assert found.kept == found.panel["events"].sum() == 1
    assert found.apart == {
        "not_located": 1,
        "not_in_register": 1,
        "group_not_counted": 1,
        "month_not_complete": 2,
    }


def test_a_month_that_the_source_does_not_cover_is_not_there_rather_than_zero():
    found = counted(("1", "2024-02-10", "robbery"), months=MONTHS[1:])

    assert found.panel["month"].min() == pd.Timestamp("2024-02-01")


def test_a_covered_year_without_events_is_zero_everywhere():
    panel = counted().panel

    assert (panel["events"] == 0).all()
    assert len(panel) == 12


@pytest.mark.parametrize(
    ("first_day", "cutoff", "months"),
    [
        ("2024-01-01", "2024-03-31", ["2024-01", "2024-02", "2024-03"]),
        ("2024-01-02", "2024-03-30", ["2024-02"]),
        ("2024-01-01", "2024-01-30", []),
        ("2023-12-31", "2024-02-29", ["2024-01", "2024-02"]),
    ],
)
def test_only_months_inside_from_end_to_end_are_complete(first_day, cutoff, months):
    found = complete_months(pd.Timestamp(first_day), pd.Timestamp(cutoff))

    assert found.strftime("%Y-%m").tolist() == months


def test_quarters_add_up_their_three_months():
    panel = counted(
        ("1", "2024-01-05", "theft"), ("1", "2024-03-05", "theft"), ("2", "2024-02-05", "theft")
    ).panel

    quarters = quarterly(panel).set_index(["colonia_id", "group"])["events"]

    assert quarters["1", "theft"] == 2
    assert quarters["2", "theft"] == 1
    assert quarters["1", "robbery"] == 0


def test_a_quarter_with_a_missing_month_is_left_out():
    months = pd.date_range("2024-01-01", "2024-05-01", freq="MS")

    quarters = quarterly(counted(months=months).panel)

    assert quarters["quarter"].unique().tolist() == [pd.Timestamp("2024-01-01")]


def test_a_quarter_with_a_count_that_is_not_known_has_no_count():
    panel = counted(("1", "2024-01-05", "theft")).panel
    hidden = (panel["colonia_id"] == "1") & (panel["month"] == "2024-02-01")

    quarters = quarterly(panel.assign(events=panel["events"].mask(hidden)))

    by_colonia = quarters.groupby("colonia_id")["events"]
    assert by_colonia.apply(lambda counts: counts.isna().all()).to_dict() == {"1": True, "2": False}


def test_quarters_are_of_case_files_in_groups_shown_by_colonia_only():
    panel = counted(("1", "2024-01-05", words.SENSITIVE), groups=("theft", words.SENSITIVE)).panel
    calls = panel.assign(record_type="call")

    assert quarterly(panel)["group"].unique().tolist() == ["theft"]
    assert quarterly(calls).empty
