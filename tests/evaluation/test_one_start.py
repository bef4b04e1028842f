"""A programme with one start: which places and quarters it keeps, and what it refuses."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.counts import CountPanel
from labtools.evaluation.one_start import one_start
from labtools.evaluation.programme import Cells
from tests.evaluation.town import plan

PLACES = list("abcdef")
AT = np.arange(12)
BEGUN = 8


def cells(entries, *, exposed=(), evaluated=PLACES, looked_at=(), lots=None):
    """Places that enter in these quarters, those beside them, and quarters that a choice saw."""
    counts = pd.DataFrame(np.add.outer(100.0 * np.arange(6), AT), PLACES)
    since = pd.DataFrame(np.nan, PLACES, AT)
    for place, quarter in entries.items():
        since.loc[place] = AT - quarter
    inside = (since >= 0).mul(pd.Series([p in evaluated for p in PLACES], PLACES), axis=0)
    seen = pd.DataFrame(np.tile(np.isin(AT, looked_at), (6, 1)), PLACES)
    near = pd.DataFrame(np.isin(PLACES, exposed)[:, None] & (AT >= BEGUN), PLACES)
    return Cells(CountPanel(counts, ~(since >= 0), near), inside, since, seen, lots)


BESIDE = pd.DataFrame(np.eye(6, k=1, dtype=bool) | np.eye(6, k=-1, dtype=bool), PLACES, PLACES)


def told(found, **design):
    protocol = plan()
    changed = protocol.design.model_copy(update=design)
    return one_start(found, BESIDE, protocol.model_copy(update={"design": changed}))


def test_those_that_entered_and_those_that_never_did_are_kept():
    one = told(cells({"a": BEGUN, "b": BEGUN}, exposed=["c"]))

    assert one.counts.index.to_list() == PLACES
    assert one.counts.columns.to_list() == list(AT)
    assert one.start == BEGUN
    assert one.treated.to_list() == [True, True, False, False, False, False]
    assert one.ring.to_list() == [False, False, True, False, False, False]
    assert one.others.to_list() == [False, False, False, True, True, True]
    assert one.chosen == "by_lottery"
    assert one.drawn is None
    assert one.beside.equals(BESIDE)


@pytest.mark.parametrize("quarter", [0, BEGUN, 11])
def test_who_entered_in_another_stage_neither_counts_nor_compares(quarter):
    one = told(cells({"a": BEGUN, "b": BEGUN, "f": quarter}, evaluated=["a", "b"]))

    assert one.counts.index.to_list() == list("abcde")
    assert one.beside.index.to_list() == list("abcde")
    assert int(one.treated.sum()) == 2


@pytest.mark.parametrize(("months", "waited"), [(0, 0), (1, 1), (3, 1), (4, 2), (6, 2)])
def test_quarters_in_which_it_was_awaited_or_that_the_choice_saw_are_left_out(months, waited):
    one = told(cells({"a": BEGUN, "b": BEGUN}, looked_at=[2, 3, 9]), anticipation_months=months)

    # What the choice looked at after the start is not left out.
    kept = [0, 1, *range(4, BEGUN - waited), *range(BEGUN, 12)]
    assert one.counts.columns.to_list() == kept
    assert one.start == kept.index(BEGUN)
    assert one.after["a"] == sum(range(BEGUN, 12))


def test_two_starts_are_refused_with_how_many_and_one_place_with_its_reason():
    with pytest.raises(AnalysisError, match="entered in 2 different quarters"):
        told(cells({"a": BEGUN, "b": BEGUN + 1}))
    with pytest.raises(AnalysisError, match="One colonia alone"):
        told(cells({"a": BEGUN}))


def lots():
    """Three lots among five places, two of them first and one later."""
    waves = [[1, 1, 2, 3, 3], [3, 1, 3, 1, 2], [2, 3, 1, 1, 3]]
    return pd.DataFrame(np.transpose(waves), list("abcde"))


def test_lots_tell_who_else_would_have_entered_in_the_same_wave():
    one = told(cells({"a": BEGUN, "b": BEGUN}, lots=lots()))

    assert one.counts.index.to_list() == list("abcde")
    assert one.drawn is not None
    assert one.drawn.tolist() == [
        [True, True, False, False, False],
        [False, True, False, True, False],
        [False, False, True, True, False],
    ]


def test_places_that_are_no_wave_of_the_lot_are_refused_with_their_number():
    found = cells({"a": BEGUN, "c": BEGUN}, lots=lots())

    with pytest.raises(AnalysisError, match="The 2 colonias evaluated are not"):
        told(found)
    second = replace(found, lots=lots().replace({2: 1}))
    with pytest.raises(AnalysisError, match="not those of a wave"):
        told(second)


def test_what_is_short_is_told_in_quarters_on_both_sides():
    one = told(cells({"a": BEGUN, "b": BEGUN}))

    assert one.years_before(1).columns.to_list() == [8]
    assert one.years_before(9).columns.to_list() == [4, 8]
    for start, counts in ((3, 12), (8, 8), (9, 8)):
        short = replace(one, start=start, counts=one.counts.iloc[:, :counts])
        after = max(counts - start, 0)
        with pytest.raises(AnalysisError, match=f"has {start} quarters .* and {after} from it on"):
            short.years_before(2)
