"""Answers of citizens' networks: numbers at a table, never names."""

import pandas as pd
import pytest

from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.sources.descriptor import load_descriptor
from labtools.sources.meetings import clean_network_answers
from labtools.sources.protocol import Intake
from tests.sources.supplied import KEY, written

HEAD = "colonia_id,meeting,participant,need,rank"


def answers(folder, *rows):
    return Intake(
        source="reuniones",
        path=written(folder, "\n".join([HEAD, *rows]) + "\n"),
        descriptor=load_descriptor("network_answers", Workbench(folder)),
        cutoff=pd.Timestamp("2025-12-31"),
        key=KEY,
    )


def test_needs_are_read_by_the_number_of_the_sheet_or_by_key(tmp_path):
    found = clean_network_answers(
        answers(tmp_path, "22014_1,2025-03-04,1,4,1", "22014_1,2025-03-04,2,factor_5,2")
    )

    table = found.tables["network_answers"]
    assert table[["participant", "need", "rank"]].to_numpy().tolist() == [
        [1, "factor_4", 1],
        [2, "factor_5", 2],
    ]
    assert table["held_on"].unique().tolist() == [pd.Timestamp("2025-03-04")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",2025-03-04,1,5,2", "no_key"),
        ("22014_1,2025-02-30,1,5,2", "date_not_valid"),
        ("22014_1,2026-03-04,1,5,2", "after_cutoff"),
        ("22014_1,2025-03-04,,5,2", "no_participant"),
        ("22014_1,2025-03-04,1,9,2", "need_not_known"),
        ("22014_1,2025-03-04,1,luz,2", "need_not_known"),
        ("22014_1,2025-03-04,1,5,0", "rank_not_valid"),
        ("22014_1,2025-03-04,1,5,primero", "rank_not_valid"),
        ("22014_1,2025-03-04,1,factor_4,2", "row_repeated"),
    ],
)
def test_an_answer_that_cannot_be_read_is_set_apart_with_its_reason(tmp_path, row, reason):
    found = clean_network_answers(answers(tmp_path, "22014_1,2025-03-04,1,4,1", row))

    assert (found.account.kept, dict(found.account.rejected)) == (1, {reason: 1})


def test_a_file_that_names_people_is_refused_without_their_names(tmp_path):
    given = answers(tmp_path, "22014_1,2025-03-04,Eulalia Zumárraga,4,1")

    with speaking("en"), pytest.raises(SourceError, match="1 answers name their part") as refused:
        clean_network_answers(given)

    assert "Eulalia" not in str(refused.value)
