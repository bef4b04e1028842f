import csv
import io

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labtools.errors import SourceError
from labtools.findings import Severity
from labtools.messages import speaking
from labtools.sources.events import clean_events
from labtools.tables.contracts import check_table
from tests.sources.supplied import EVENTS, EVENTS_HEADER, events_file, intake, written

GOOD = "A1,2024-05-06,08:30:00,ROBO,-100.4,20.6,Centro"
NO_FOLIO = {**EVENTS, "columns": {k: v for k, v in EVENTS["columns"].items() if k != "folio"}}


def cleaned(folder, *rows, said=EVENTS, **options):
    return clean_events(intake(events_file(folder, *rows), said, **options))


def test_a_good_row_becomes_an_event_without_its_folio(tmp_path):
    found = cleaned(tmp_path, GOOD)

    event = check_table("events", found.tables["events"]).iloc[0]
    assert event.drop("event_id").to_dict() == {
        "source": "carpetas",
        "record_type": "case_file",
        "occurred_on": pd.Timestamp("2024-05-06"),
        "hour": 8,
        "subject": "ROBO",
        "lon": -100.4,
        "lat": 20.6,
        "place": "Centro",
        "borough": event["borough"],
    }
    assert pd.isna(event["borough"])
    assert "A1" not in event["event_id"]
    assert (found.account.read, found.account.kept, dict(found.account.rejected)) == (1, 1, {})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("B1,2023-02-30,,ROBO,,,", "date_not_valid"),
        ("B1,06/05/2024,,ROBO,,,", "date_not_valid"),
        ("B1,0202-05-06,,ROBO,,,", "date_not_valid"),
        ("B1,,,ROBO,,,", "date_not_valid"),
        ("B1,2025-01-01,,ROBO,,,", "after_cutoff"),
        ("B1,2018-12-31,,ROBO,,,", "before_first_day"),
        ("A1,2024-05-07,,ROBO,,,", "folio_repeated"),
        (" A1 ,2024-05-07,,ROBO,,,", "folio_repeated"),
        ("B1,2024-05-07,,ROBO", "row_cut_short"),
        ("B1", "row_cut_short"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason(tmp_path, row, reason):
    account = cleaned(tmp_path, GOOD, row, first_day="2019-01-01").account

    assert (account.read, account.kept, dict(account.rejected)) == (2, 1, {reason: 1})


@pytest.mark.parametrize("day", ["2019-01-01", "2024-12-31", "2024-12-31 23:59:59"])
def test_the_first_day_and_the_cut_are_inside(tmp_path, day):
    account = cleaned(tmp_path, f"B1,{day},,ROBO,,,", first_day="2019-01-01").account

    assert account.kept == 1


def test_a_bad_row_does_not_take_its_correction_away(tmp_path):
    found = cleaned(tmp_path, "A1,2024-13-01,,ROBO,,,", "A1,2024-12-01,,ROBO,,,")

    assert found.tables["events"]["occurred_on"].tolist() == [pd.Timestamp("2024-12-01")]
    assert dict(found.account.rejected) == {"date_not_valid": 1}


def test_rows_without_folio_in_a_file_with_folios_are_all_kept(tmp_path):
    found = cleaned(tmp_path, ",2024-05-06,,ROBO,,,", ",2024-05-06,,ROBO,,,")

    assert found.account.kept == 2
    assert found.tables["events"]["event_id"].is_unique


def test_identical_rows_without_folio_are_kept_and_told(tmp_path):
    row = "x,2024-05-06,08:00,ROBO,,,Centro"

    found = cleaned(tmp_path, row, row, row, said=NO_FOLIO)

    assert found.account.kept == 3
    assert found.account.changed["exact_duplicates_kept"] == 2
    assert [finding.severity for finding in found.findings] == [Severity.CAUTION]
    with speaking("en"):
        assert "carpetas: 2 rows are identical to others" in str(found.findings[0])


@pytest.mark.parametrize("name", ["NA", "None", "null", "nan", "N/A", "#N/A"])
def test_a_colonia_may_be_called_like_a_missing_value(tmp_path, name):
    found = cleaned(tmp_path, f"A1,2024-05-06,,ROBO,,,{name}")

    assert found.tables["events"]["place"].tolist() == [name]


def test_places_are_in_one_unicode_form(tmp_path):
    found = cleaned(
        tmp_path, "A1,2024-05-06,,ROBO,,,Pe\u00f1as", "A2,2024-05-06,,ROBO,,,Pen\u0303as"
    )

    assert found.tables["events"]["place"].tolist() == ["Peñas"] * 2


@pytest.mark.parametrize(
    ("hour", "read"),
    [("08:30:00", 8), ("8:30", 8), ("23:59:00:00", 23), ("00:00", 0), ("24:00", -1), ("", -1)],
)
def test_an_hour_is_from_0_to_23_or_not_known(tmp_path, hour, read):
    found = cleaned(tmp_path, f"A1,2024-05-06,{hour},ROBO,,,")

    assert found.tables["events"]["hour"].fillna(-1).tolist() == [read]
    assert found.account.changed.get("hour_unknown", 0) == (read == -1)


def test_hours_of_exactly_noon_are_counted_because_offices_type_them_by_default(tmp_path):
    found = cleaned(tmp_path, "A1,2024-05-06,12:00:00,ROBO,,,", "A2,2024-05-06,12:30:00,ROBO,,,")

    assert found.account.changed["hour_exactly_noon"] == 1


def test_a_coordinate_that_is_none_is_missing_and_counted(tmp_path):
    found = cleaned(
        tmp_path,
        'A1,2024-05-06,,ROBO,"-100,4",20.6,',
        "A2,2024-05-06,,ROBO,-1004,x,",
        "A3,2024-05-06,,ROBO,,,",
    )

    assert found.tables["events"]["lon"].isna().all()
    assert found.account.changed["lon_not_valid"] == 2
    assert found.account.changed["lat_not_valid"] == 1


def test_rows_of_another_area_are_counted_apart(tmp_path):
    path = written(tmp_path, "fecha,mun\n2024-01-01,014\n2024-01-02,006\nx,006\n")
    said = {**EVENTS, "columns": {"date": "fecha"}}

    account = clean_events(intake(path, said, where={"mun": "014"})).account

    assert (account.read, account.kept, dict(account.rejected)) == (3, 1, {"of_another_area": 2})


def test_a_file_without_rows_is_no_zero_crime(tmp_path):
    with speaking("en"), pytest.raises(SourceError, match="has a header and no rows"):
        cleaned(tmp_path)


def test_a_file_whose_dates_are_all_in_another_form_is_refused(tmp_path):
    told = "column “fecha”: none of the 2 cells is .* like 2025-12-31; the first is “06/05/2024”"

    with speaking("en"), pytest.raises(SourceError, match=told):
        cleaned(tmp_path, "A1,06/05/2024,,ROBO,,,", "A2,07/05/2024,,ROBO,,,")


def test_pseudonyms_follow_the_folio_and_not_the_row(tmp_path):
    first = cleaned(tmp_path, GOOD, "B2,2024-05-06,,ROBO,,,").tables["events"]
    later = cleaned(tmp_path, "B2,2024-05-06,,ROBO,,,", GOOD).tables["events"]

    assert first["event_id"].tolist() == later["event_id"].tolist()[::-1]


# Control characters, lost letters and text encoded twice (Â, Ã before a mark) damn a whole file,
# which test_decoding covers: here the rows are dirty.
CELLS = st.one_of(
    st.sampled_from(["", " ", "NA", "A1", "A2", "ñ", "2024-05-06", "2024-5-6", "06/05/2024"]),
    st.sampled_from(["12:00:00", "25:00", "-100.4", "0", "1e999", "nan", '"', "a,b", "x\ny"]),
    st.text(
        st.characters(
            codec="utf-8",
            exclude_categories=["Cc", "Cs"],
            exclude_characters="\N{REPLACEMENT CHARACTER}ÂÃ",
        ),
        max_size=6,
    ),
)
WIDTH = len(EVENTS_HEADER.split(","))
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=WIDTH), max_size=12)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS)
def test_every_row_of_a_dirty_file_is_kept_or_rejected_with_a_reason(tmp_path, rows):
    sheet = io.StringIO()
    csv.writer(sheet).writerows([EVENTS_HEADER.split(","), GOOD.split(","), *rows])
    path = written(tmp_path, sheet.getvalue())

    found = clean_events(intake(path, EVENTS, first_day="2019-01-01"))

    events, account = check_table("events", found.tables["events"]), found.account
    assert account.read == 1 + len(rows)
    assert account.kept == len(events)
    assert account.read == account.kept + sum(account.rejected.values())
    assert account.rejected.get("row_cut_short", 0) >= sum(len(row) < WIDTH for row in rows)


def test_a_point_whose_zeros_were_dropped_is_not_taken_for_a_rough_one(tmp_path):
    fine = [f"B{n},2024-05-06,,ROBO,-100.{101 + n},20.{601 + n}," for n in range(99) if n % 10 != 9]

    found = cleaned(tmp_path, *fine, "C1,2024-05-06,,ROBO,-100.4,20.6,", cutoff="2024-05-31")

    assert "point_too_coarse" not in found.account.changed
    assert found.tables["events"]["lon"].notna().all()
