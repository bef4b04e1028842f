"""What is costly is kept under all that it was made from, and only what is whole counts."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from shapely.geometry import Point

from labtools.workflow.analyse import lab_tables, prepare
from labtools.workflow.keeping import Kept
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
    held = lab_tables(opened, prepared)
    for path in opened.workbench.interim("kept").glob("edition.*/frames.json"):
        path.unlink()

    made = lab_tables(opened, prepared)

    assert list(held) == list(made)
    for name, table in made.items():
        pd.testing.assert_frame_equal(held[name], table)
