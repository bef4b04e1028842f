"""Costly tables are kept under the fingerprint of what they were made from."""

import pandas as pd
import pytest

from labtools.tables.lineage import Lineage
from labtools.workflow.analyse import lab_tables, prepare
from labtools.workflow.keeping import kept
from labtools.workflow.steps import open_workbench
from tests.workflow.few import EARLIER

TABLE = pd.DataFrame({"subject": ["robo"], "crime_code": ["A"], "coder": ["x"]}, dtype="string")


def lineage(settings="one"):
    return Lineage("analyse", {"data/panel.parquet": "0" * 64}, settings, "code")


class Maker:
    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        return {"codings": TABLE}


@pytest.fixture
def maker():
    return Maker()


def test_the_same_lineage_is_made_once_and_another_anew(tmp_path, maker):
    told = ("one", "one", "two", "one")

    found = [kept(tmp_path / "results", lineage(it), maker) for it in told]

    assert maker.times == 2
    for tables in found:
        pd.testing.assert_frame_equal(tables["codings"], found[0]["codings"])


def test_a_table_that_changed_on_the_disk_is_made_anew(tmp_path, maker):
    folder = tmp_path / "results"
    kept(folder, lineage(), maker)
    (path,) = folder.rglob("codings.parquet")
    path.write_bytes(path.read_bytes()[:-9] + b"another..")

    kept(folder, lineage(), maker)

    assert maker.times == 2


def test_what_was_cut_short_is_made_anew(tmp_path, maker):
    folder = tmp_path / "results"
    kept(folder, lineage(), maker)
    (mark,) = folder.rglob("tables.json")
    mark.unlink()

    kept(folder, lineage(), maker)

    assert maker.times == 2


def test_only_the_last_four_stay(tmp_path, maker):
    for it in "abcdef":
        kept(tmp_path / "results", lineage(it), maker)

    assert len([path for path in (tmp_path / "results").iterdir() if path.is_dir()]) == 4


def test_what_is_kept_is_what_would_be_made(copy_of, finished):
    opened = open_workbench(copy_of(finished))
    prepared = prepare(opened, period_end=EARLIER)
    held = lab_tables(opened, prepared)
    for path in opened.workbench.interim("results").rglob("tables.json"):
        path.unlink()

    made = lab_tables(opened, prepared)

    assert list(held) == list(made)
    for name, table in made.items():
        pd.testing.assert_frame_equal(held[name], table)
