"""An edition that holds less than the one before, or twice as much, is told of by its name."""

import pandas as pd
import pytest

from labtools.findings import Severity
from labtools.messages import speaking
from labtools.sources.extents import compare_extents, measure_extent
from labtools.sources.protocol import Cleaned
from labtools.tables.account import Account
from labtools.tables.contracts import empty_table


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


def counts(months=6, areas=20, each=30.0, rows=None):
    """Return the extent of a file of counts: `each` in every month and area."""
    cells = [
        {
            "source": "sesnsp",
            "area": f"220{area:02}",
            "month": pd.Timestamp(2024, month, 1),
            "subject": "Robo",
            "events": each,
        }
        for month in range(1, months + 1)
        for area in range(areas)
    ]
    n = areas if rows is None else rows
    table = pd.DataFrame(cells).astype({"events": "Int64"})
    return measure_extent(Cleaned({"official_counts": table}, Account("clean", "sesnsp", n, n)))


def compared(before, now, kind="municipal_incidence"):
    return compare_extents(before, now, source="sesnsp", edition="2024-06-30-abc", kind=kind)


def told(found):
    return [str(finding) for finding in found.findings]


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(counts(), id="the same"),
        pytest.param(counts(months=9), id="three months more"),
        pytest.param(counts(areas=21), id="a municipality more"),
        pytest.param(counts(rows=20), id="late reports within chance"),
    ],
)
def test_an_edition_that_holds_all_of_the_one_before_says_nothing(now):
    found = compared(counts(), now)

    assert told(found) == []
    assert found.stops.empty


def test_what_is_gone_is_told_with_the_first_and_stops_what_accumulates():
    found = compared(counts(), counts(months=5, areas=15))

    rows, areas, months, total = told(found)
    assert "keeps 15 rows, and the one before (2024-06-30-abc) kept 20" in rows
    assert "5 of 20 areas" in areas
    assert "the first is 22015" in areas
    assert "one of 6 months" in months
    assert months.endswith("2024-06. Ask the supplier for the whole file.")
    assert "adds up to 2,250 and did to 3,000 (-25.0 %)" in total
    assert found.stops[["before", "after"]].to_numpy().tolist() == [[20, 15], [20, 15], [6, 5]]
    assert [it.severity for it in found.findings] == [*[Severity.BLOCKER] * 3, Severity.CAUTION]


def test_a_file_that_is_replaced_by_the_next_wave_loses_months_and_stops_nothing():
    found = compared(counts(), counts(months=5), kind="survey")

    assert [it.severity for it in found.findings] == [Severity.CAUTION]
    assert found.stops.empty


def test_rows_that_stand_twice_are_told_and_more_months_are_not():
    assert "keeps 40 rows" in told(compared(counts(), counts(rows=40)))[0]
    assert told(compared(counts(months=3), counts(months=6, rows=40))) == []


@pytest.mark.parametrize(("each", "said"), [(30.0, 0), (31.0, 0), (32.0, 1), (24.0, 1)])
def test_a_total_beyond_chance_and_one_per_cent_is_told(each, said):
    found = compared(counts(), counts(each=each))  # of 3,600: chance moves it by 180

    assert len(found.findings) == said


def test_events_are_measured_by_the_days_that_were_counted():
    days = pd.Series([5, 7, 1], pd.to_datetime(["2024-05-01", "2024-05-31", "2024-06-01"]))

    extent = measure_extent(Cleaned({}, Account("clean", "carpetas", 13, 13)), days)

    assert extent.to_numpy().tolist() == [
        ["rows", "", 13.0],
        ["month", "2024-05", 12.0],
        ["month", "2024-06", 1.0],
    ]


def test_a_table_without_rows_has_no_areas_to_lose():
    nothing = Cleaned({"programme": empty_table("programme")}, Account("clean", "p", 0, 0))

    found = compared(counts(), measure_extent(nothing), kind="programme")

    assert len(found.findings) == 1  # its rows are gone, which says it all
