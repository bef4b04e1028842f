"""Repeats are the same whether rows are held in memory or not; so are the tables of slices."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.errors import SourceError
from labtools.sources import protocol, slices
from labtools.sources.codings import clean_codings
from labtools.sources.events import clean_events
from labtools.sources.files import batches
from labtools.sources.seen import Block, Seen, longest_block
from tests.sources.supplied import EVENTS, events_file, intake

NO_FOLIO = {**EVENTS, "columns": {k: v for k, v in EVENTS["columns"].items() if k != "folio"}}


def told(words, in_memory, at_once=3):
    seen = Seen(in_memory)
    said = pd.Series(words, dtype="uint64") * np.uint64(0x9E3779B97F4A7C15)
    for start in range(0, len(said), at_once):
        seen.add(said.iloc[start : start + at_once])
    return seen


def repeated_by_hand(words):
    before = [[b for b in range(at) if words[b] == words[at]] for at in range(len(words))]
    return [(at, max(same)) for at, same in enumerate(before) if same]


@settings(max_examples=40, deadline=None)
@given(words=st.lists(st.integers(1, 6), min_size=1, max_size=40), in_memory=st.integers(1, 50))
def test_each_row_that_says_what_one_before_said_is_found_however_few_are_held(words, in_memory):
    found = np.concatenate(list(told(words, in_memory).repeats()))

    assert list(zip(found["place"], found["before"], strict=True)) == repeated_by_hand(words)
    assert found["row"].tolist() == found["place"].tolist()


@pytest.mark.parametrize("in_memory", [4, 7, 100])
def test_the_longest_block_that_stands_twice_is_found_across_what_was_put_aside(in_memory):
    words = [1, 2, 3, 90, 10, 11, 12, 13, 14, 91, 1, 2, 3, 10, 11, 12, 13, 14]

    assert longest_block(told(words, in_memory)) == Block(length=5, first=4, again=13, repeats=8)


@pytest.fixture
def in_small_slices(monkeypatch):
    monkeypatch.setattr(slices, "SLICE_ROWS", 30)
    monkeypatch.setattr(protocol, "batches", partial(batches, rows=10))


def rows_of(n):
    return [
        f"A{at % (n - 4)},2024-{at % 12 + 1:02}-{at % 27 + 1:02},08:0{at % 7},ROBO,"
        f"-100.{41000 + at},20.{61000 + at},Centro"
        for at in range(n)
    ]


def test_a_file_in_slices_gives_the_table_and_the_account_of_a_file_read_at_once(tmp_path, request):
    path = events_file(tmp_path, *rows_of(200), "B1,2024-02-30,,ROBO,,,", "B2,2024-05-01")
    whole = clean_events(intake(path, EVENTS))

    request.getfixturevalue("in_small_slices")
    parted = clean_events(intake(path, EVENTS))

    pd.testing.assert_frame_equal(parted.tables["events"], whole.tables["events"])
    assert parted.account == whole.account
    assert dict(whole.account.rejected) == {
        "folio_repeated": 4,
        "date_not_valid": 1,
        "row_cut_short": 1,
    }


@pytest.mark.usefixtures("in_small_slices")
def test_a_block_pasted_into_another_slice_is_refused(tmp_path):
    rows = rows_of(150)
    path = events_file(tmp_path, *rows, *rows[40:65])

    with pytest.raises(SourceError) as refused:
        clean_events(intake(path, NO_FOLIO))

    assert refused.value.facts["n"] == 25
    assert (refused.value.facts["row"], refused.value.facts["again"]) == (42, 152)


@pytest.mark.usefixtures("in_small_slices")
def test_a_folio_of_many_crimes_is_refused_though_its_rows_are_in_different_slices(tmp_path):
    day = [f"2024-{at % 12 + 1:02}-{at % 27 + 1:02}" for at in range(120)]
    rows = [f"C{at % 60},{day[at]},,ROBO {at},,,Centro" for at in range(120)]

    with pytest.raises(SourceError) as refused:
        clean_events(intake(events_file(tmp_path, *rows), EVENTS))

    assert refused.value.facts["value"] == "C0"
    assert (refused.value.facts["row"], refused.value.facts["again"]) == (2, 62)


def test_a_table_that_is_read_whole_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(protocol, "MAXIMUM_HELD_BYTES", 2_000)
    said = {"kind": "codings", "columns": {"subject": "delito", "crime_code": "folio"}}

    with pytest.raises(SourceError, match="where"):
        clean_codings(intake(events_file(tmp_path, *rows_of(100)), said))
