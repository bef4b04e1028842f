"""What a step of targeting gave is kept while the tables that it asked for stand."""

from dataclasses import replace

import pandas as pd
import pytest

from labtools.privacy.keys import Keyring
from labtools.settings import Lab, Settings
from labtools.tables.periods import Window
from labtools.workflow.edition import Edition
from labtools.workflow.keeping import Kept
from labtools.workflow.known import Known


def table(*values):
    return pd.DataFrame({"n": list(values)})


@pytest.fixture
def known(tmp_path):
    edition = Edition(
        audience="internal",
        window=Window(*map(pd.Timestamp, ("2024-01-01", "2025-01-01", "2026-01-01"))),
        withheld=frozenset(),
        with_ficha=frozenset({"99001_0001"}),
        key=Keyring((("", b"k" * 32),)),
        cards=(),
        earlier={"2024-12-aa": table(1)},
        fits=Kept(tmp_path / "kept"),
    )
    lab = Lab(name="Lab", municipality="M", municipality_id="99001", seed=1)
    tables = {"counts": table(1, 2), "log": table(0)}
    return Known(tables, {"counts": table(5)}, edition, Settings.model_construct(lab=lab))


def kept(known, made, *told):
    def make(it):
        made.append("made")
        both = it.processed["counts"]["n"].sum() + it.results["counts"]["n"].sum()
        return {"sum": table(int(both))}

    return int(known.keep("sum", [*told], make)["sum"]["n"].iloc[0])


def test_a_table_that_was_not_asked_for_makes_nothing_anew(known):
    made = []
    other = replace(known, processed={**known.processed, "log": table(7)})
    runs = replace(known, edition=replace(known.edition, earlier={}, with_ficha=frozenset()))

    assert [kept(it, made) for it in (known, other, runs)] == [8, 8, 8]
    assert made == ["made"]


@pytest.mark.parametrize("part", ["processed", "results"])
def test_one_that_was_asked_for_does_and_those_of_one_name_are_two(known, part):
    made = []
    other = replace(known, **{part: {**getattr(known, part), "counts": table(10, 20)}})

    assert kept(known, made) == 8
    assert kept(other, made) == {"processed": 35, "results": 33}[part]


@pytest.mark.parametrize(
    "change",
    [{"withheld": frozenset({"99001_0001"})}, {"audience": "public"}, {"recorded": {12: 0.9}}],
)
def test_another_edition_makes_anew(known, change):
    made = []

    kept(known, made)
    kept(replace(known, edition=replace(known.edition, **change)), made)

    assert made == ["made"] * 2


def test_what_is_told_beside_the_tables_counts(known):
    made = []

    kept(known, made, "one")
    kept(known, made, "two")

    assert made == ["made"] * 2


def test_what_nothing_kept_may_depend_on_is_not_there_while_it_is_made(known):
    seen = []

    known.keep("seen", [], lambda it: seen.append(it.edition) or {"none": table()})

    assert (seen[0].earlier, seen[0].with_ficha) == ({}, frozenset())


def test_which_tables_there_are_can_be_asked(known):
    def make(it):
        assert set(it.processed) == {"counts", "log"}
        assert (len(it.results), "log" in it.results, "log" in it.processed) == (1, False, True)
        return {"none": table()}

    known.keep("names", [], make)
