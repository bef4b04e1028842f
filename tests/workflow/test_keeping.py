"""What is costly is kept under all that it was made from, and only what is whole counts."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from shapely.geometry import Point

from labtools.workflow.keeping import Kept
from labtools.workflow.making import make_edition
from labtools.workflow.prepared import prepare
from labtools.workflow.steps import open_workbench
from tests.workflow.few import EARLIER

ANSWERS = pd.Series([3.0, 1.0], index=pd.Index(["a", "b"], name="colonia_id"), name="yes")


class Counted:
    """A fit that knows how often it was made."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, pd.DataFrame]:
        self.times += 1
        draws = np.random.default_rng(self.times).random((5, 2))
        index = pd.RangeIndex(5, name="draw")
        columns = pd.Index(["a", "b"], name="colonia_id")
        return {"of: draws": pd.DataFrame(draws, index, columns), "none": pd.DataFrame()}


@pytest.fixture
def fitted():
    return Counted()


def test_a_fit_to_the_same_data_is_not_made_again_and_comes_back_as_it_was(tmp_path, fitted):
    first = Kept(tmp_path / "kept").take("model", [ANSWERS, 7], fitted)
    again = Kept(tmp_path / "kept").take("model", [ANSWERS.copy(), 7], fitted)

    assert fitted.times == 1
    pd.testing.assert_frame_equal(again["of: draws"], Counted()()["of: draws"])
    assert list(first) == list(again) == ["of: draws", "none"]


@pytest.mark.parametrize(
    "other",
    [
        [ANSWERS + 1e-12, 7],
        [ANSWERS, 8],
        [ANSWERS.rename("no"), 7],
        [ANSWERS.astype("float32"), 7],
        [ANSWERS.set_axis(["a", "c"]), 7],
        [ANSWERS.iloc[::-1], 7],
        [ANSWERS.iloc[:1], 7],
    ],
    ids=["value", "setting", "name", "type", "place", "order", "length"],
)
def test_a_fit_to_anything_else_is_made(tmp_path, fitted, other):
    Kept(tmp_path / "kept").take("model", [ANSWERS, 7], fitted)

    Kept(tmp_path / "kept").take("model", other, fitted)

    assert fitted.times == 2


def test_a_fit_to_shapes_is_made_again_where_one_moved(tmp_path, fitted):
    here = gpd.GeoDataFrame({"colonia_id": ["a"]}, geometry=[Point(0, 0)], crs="EPSG:4326")
    moved = here.set_geometry([Point(0, 1e-9)], crs="EPSG:4326")

    for shapes in (here, here.copy(), moved):
        Kept(tmp_path).take("model", [shapes], fitted)

    assert fitted.times == 2


def test_shapes_come_back_as_shapes(tmp_path):
    here = gpd.GeoDataFrame({"colonia_id": ["a"]}, geometry=[Point(0, 0)], crs="EPSG:4326")

    found = Kept(tmp_path).take("edition", [1], lambda: {"shown": here})

    assert_geodataframe_equal(found["shown"], here)


def test_a_fit_whose_bytes_were_changed_or_lost_is_made_again(tmp_path, fitted):
    Kept(tmp_path).take("model", [ANSWERS], fitted)
    kept = next(tmp_path.glob("model.*/0.parquet"))
    kept.write_bytes(kept.read_bytes()[:-1] + b"\0")

    Kept(tmp_path).take("model", [ANSWERS], fitted)
    next(tmp_path.glob("model.*/1.parquet")).unlink()
    Kept(tmp_path).take("model", [ANSWERS], fitted)
    next(tmp_path.glob("model.*/frames.json")).write_text("{", encoding="utf-8")
    Kept(tmp_path).take("model", [ANSWERS], fitted)

    assert fitted.times == 4


def test_only_the_last_four_fits_of_a_model_stay_and_nobody_else_reads_them(tmp_path, fitted):
    for seed in range(6):
        Kept(tmp_path / "kept").take("model", [seed], fitted)
    Kept(tmp_path / "kept").take("another", [0], fitted)

    kept = list((tmp_path / "kept").iterdir())
    assert sorted(path.name.split(".")[0] for path in kept) == ["another", *["model"] * 4]
    assert all(path.stat().st_mode & 0o077 == 0 for folder in kept for path in folder.iterdir())
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0


def test_without_a_folder_everything_is_fitted_anew(fitted):
    Kept().take("model", [ANSWERS], fitted)
    Kept().take("model", [ANSWERS], fitted)

    assert fitted.times == 2


def test_what_is_kept_is_what_would_be_made(copy_of, finished):
    opened = open_workbench(copy_of(finished))
    prepared = prepare(opened, period_end=EARLIER)
    held = make_edition(opened, prepared, "internal")
    kept = list(opened.workbench.interim("kept").glob("*/frames.json"))
    for path in kept:
        path.unlink()

    made = make_edition(opened, prepared, "internal")

    steps = {"figures", "needs", "harm", "power", "evaluation"}
    assert steps <= {path.parent.name.split("-")[0] for path in kept}

    assert list(held) == list(made)
    for name, table in made.items():
        pd.testing.assert_frame_equal(held[name], table)


def test_what_was_made_stands_while_only_what_it_did_not_ask_for_changed(tmp_path):
    made = []

    def make(tables):
        made.append(sorted(tables["counts"]["n"]))
        return {"twice": tables["counts"] * 2}

    def follow(counts, log):
        tables = {"counts": pd.DataFrame({"n": counts}), "log": pd.DataFrame({"day": log})}
        return Kept(tmp_path / "kept").follow("figures", [7], tables, make)["twice"]["n"].tolist()

    told = [follow([1, 2], [1]), follow([1, 2], [1, 2]), follow([1, 3], [1]), follow([1, 2], [3])]

    assert told == [[2, 4], [2, 4], [2, 6], [2, 4]]
    assert made == [[1, 2], [1, 3]]


def test_who_goes_through_all_tables_depends_on_each_of_them(tmp_path):
    times = []

    def make(tables):
        times.append(1)
        return {"rows": pd.DataFrame({"n": [sum(len(table) for table in tables.values())]})}

    for log in ([1], [1], [1, 2]):
        tables = {"counts": pd.DataFrame({"n": [1]}), "log": pd.DataFrame({"day": log})}
        told = Kept(tmp_path).follow("rows", [], tables, make)["rows"]["n"].tolist()

    assert (len(times), told) == (2, [3])


def test_what_else_it_is_made_from_is_told_and_a_table_that_is_gone_is_another(tmp_path):
    times = []

    def make(tables):
        times.append(1)
        return {"is_there": pd.DataFrame({"log": ["log" in tables]})}

    both = {"counts": ANSWERS.to_frame(), "log": ANSWERS.to_frame()}
    for setting, tables in ((1, both), (1, both), (2, both), (1, {"counts": both["counts"]})):
        Kept(tmp_path).follow("told", [setting], tables, make)

    assert len(times) == 3


def test_what_was_followed_and_is_damaged_is_made_again(tmp_path):
    tables = {"counts": ANSWERS.to_frame()}
    made = []

    def follow():
        made.append(Kept(tmp_path).follow("x", [], tables, lambda it: {"y": it["counts"]})["y"])

    follow()
    next(tmp_path.glob("x.*/0.parquet")).write_bytes(b"cut short")
    follow()

    pd.testing.assert_frame_equal(made[0], made[1])


def test_the_digest_that_tables_know_is_taken_and_none_is_read(tmp_path):
    class Known(dict):
        def digest(self, name):
            return f"of {name}"

    Kept(tmp_path).follow(
        "x", [], Known(a=ANSWERS.to_frame()), lambda it: {"y": it["a"], "z": it["a"]}
    )
    unread = Known(a=None)
    unread["a"] = ANSWERS.to_frame() + 1  # its file would have another digest: this one is told

    told = Kept(tmp_path).follow("x", [], unread, lambda it: {"y": it["a"]})

    assert list(told) == ["y", "z"]
