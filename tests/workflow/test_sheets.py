"""Work lists, meeting sheets and a sealed calendar, from the demo's latest run."""

from datetime import UTC, date, datetime

import openpyxl
import pandas as pd
import pikepdf
import pytest

from labtools import messages
from labtools.errors import SettingsError
from labtools.workflow.sheets import read_meeting, write_meeting_sheet, write_work_lists
from labtools.workflow.starts import Start
from labtools.workflow.steps import open_workbench

pytestmark = [pytest.mark.slow]


@pytest.fixture
def opened(copy_of, finished):
    with messages.speaking("es_MX"):
        yield open_workbench(copy_of(finished))


def rows(path):
    page = openpyxl.load_workbook(path).active
    head, *body = [[cell.value for cell in row] for row in page.iter_rows()]
    return pd.DataFrame(body, columns=head)


def test_each_agency_gets_its_list_with_the_chain_of_every_row(opened):
    folder = write_work_lists(opened)

    lists = sorted(path.stem for path in folder.glob("*.xlsx"))
    assert "public_services" in lists
    assert lists == sorted(path.stem for path in folder.glob("*.pdf"))
    for name in lists:
        table = rows(folder / f"{name}.xlsx")
        assert len(table)
        assert (
            table[["colonia_id", "colonia", "intervention", "need", "evidence"]]
            .notna()
            .all(axis=None)
        )
    assert f"{folder.stat().st_mode & 0o777:o}" == "700"


def test_the_calendar_is_sealed_and_the_same_when_drawn_again(opened):
    on = date(datetime.now(UTC).year + 1, 1, 1)
    start = Start(on)

    write_work_lists(opened, start=start)
    kept = opened.workbench.reports / "starts" / f"{on}.json"
    first = kept.read_bytes()
    again = write_work_lists(opened, start=start)

    assert kept.read_bytes() == first
    table = rows(again / "calendar.xlsx")
    assert set(table["starts_on"]) == {f"{on.year}-01-01", f"{on.year}-07-01"}
    assert abs(table.groupby("wave")["colonia_id"].nunique().diff().iloc[-1]) <= 1


def test_a_colonia_has_its_sheet_and_an_unknown_one_is_refused(opened):
    assert write_meeting_sheet(opened, "99001_0001").read_bytes().startswith(b"%PDF")

    with pytest.raises(SettingsError, match="99001_9999"):
        write_meeting_sheet(opened, "99001_9999")


def test_the_sheet_of_the_colonia_with_most_proposals_has_one_page(opened):
    city = opened.workbench.latest / "internal" / "city" / "internal"
    most = pd.read_parquet(city / "proposals.parquet")["colonia_id"].value_counts().index[0]

    with pikepdf.open(write_meeting_sheet(opened, most)) as sheet:
        assert len(sheet.pages) == 1


def test_answers_of_a_meeting_say_how_far_they_agree_with_each_other_and_the_lab(opened, tmp_path):
    told = [
        ("99001_0001", "1", person, need, rank)
        for person in (1, 2, 3, 4)
        for rank, need in enumerate(("factor_4", "factor_2", "factor_5"), start=1)
    ]
    table = pd.DataFrame(told, columns=["colonia_id", "meeting", "participant", "need", "rank"])
    table.to_csv(tmp_path / "answers.csv", index=False)

    found = read_meeting(opened, tmp_path / "answers.csv")[("99001_0001", "1")]

    assert found.w == pytest.approx(1.0)
    assert found.order == ("factor_4", "factor_2", "factor_5")
    assert -1 <= found.with_lab <= 1
