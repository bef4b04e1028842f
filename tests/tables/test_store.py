import os
import stat

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from labtools.errors import SettingsError, TableError
from labtools.tables import store
from labtools.tables.contracts import check_table
from labtools.tables.lineage import is_current, trace
from labtools.tables.store import hand_on, make_folder, read_table, write_table, writing


@pytest.fixture
def lineage(tmp_path):
    return trace("clean", [], root=tmp_path)


def test_a_table_is_read_as_it_was_written_with_its_lineage(tmp_path, programme, lineage):
    write_table("programme", programme, tmp_path / "clean", lineage=lineage)

    pd.testing.assert_frame_equal(read_table("programme", tmp_path / "clean"), programme)
    assert is_current(tmp_path / "clean" / "programme.parquet", lineage)


def test_areas_keep_their_reference_system(tmp_path, lineage):
    table = gpd.GeoDataFrame(
        {"ageb_id": ["1"]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326"
    )

    write_table("ageb", table, tmp_path, lineage=lineage, as_name="ageb_22.ageb")

    read = read_table("ageb", tmp_path, as_name="ageb_22.ageb")
    assert read.crs == "EPSG:4326"
    assert read.geometry.geom_equals(table.geometry).all()


def test_a_table_handed_on_is_the_one_that_was_read(tmp_path, programme, lineage):
    one, other = tmp_path / "one", tmp_path / "other"
    write_table("programme", programme, one, lineage=lineage)
    released = trace("protect", [one / "programme.parquet"], root=tmp_path)

    hand_on("programme", read_table("programme", one), one, other, lineage=released)

    written = other / "programme.parquet"
    assert written.read_bytes() == (one / "programme.parquet").read_bytes()
    assert is_current(written, released)


def test_a_file_that_changed_since_it_was_read_is_not_handed_on(tmp_path, programme, lineage):
    one, other = tmp_path / "one", tmp_path / "other"
    write_table("programme", programme, one, lineage=lineage)
    read = read_table("programme", one)
    read.iloc[1:].to_parquet(one / "programme.parquet", index=False)

    hand_on("programme", read, one, other, lineage=lineage)

    pd.testing.assert_frame_equal(read_table("programme", other), read)


def test_only_the_rows_asked_for_are_read(tmp_path, programme, lineage):
    write_table("programme", programme, tmp_path, lineage=lineage)

    read = read_table("programme", tmp_path, where=[("colonia_id", "==", "22014_2")])

    assert read["colonia_id"].tolist() == ["22014_2"]


def test_a_table_that_breaks_its_contract_is_not_written(tmp_path, programme, lineage):
    with pytest.raises(TableError, match="The table programme"):
        write_table("programme", programme.assign(colonia_id="a b"), tmp_path, lineage=lineage)

    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def asked(monkeypatch):
    """Return the names of the tables that are checked from now on."""
    names = []

    def check(name, table):
        names.append(name)
        return check_table(name, table)

    monkeypatch.setattr(store, "check_table", check)
    return names


def test_what_was_checked_is_not_checked_again_to_be_written_again(
    tmp_path, programme, lineage, asked
):
    write_table("programme", programme, tmp_path / "one", lineage=lineage)
    assert asked == ["programme"]

    write_table("programme", programme, tmp_path / "one", lineage=lineage)
    write_table(
        "programme", programme, tmp_path / "other", lineage=lineage, before=tmp_path / "one"
    )

    assert asked == ["programme"]
    pd.testing.assert_frame_equal(read_table("programme", tmp_path / "other"), programme)
    assert is_current(tmp_path / "other" / "programme.parquet", lineage)


def test_a_changed_table_is_checked_before_it_is_written_over_the_one_before(
    tmp_path, programme, lineage, asked
):
    write_table("programme", programme, tmp_path, lineage=lineage)
    changed = programme.assign(stage=["consolidación", None]).astype({"stage": "str"})

    write_table("programme", changed, tmp_path, lineage=lineage)

    assert asked == ["programme"] * 2
    pd.testing.assert_frame_equal(read_table("programme", tmp_path), changed)


@pytest.mark.parametrize("key", ["a b", 7])
def test_a_changed_table_that_breaks_its_contract_leaves_the_one_before(
    tmp_path, programme, lineage, key
):
    write_table("programme", programme, tmp_path, lineage=lineage)

    with pytest.raises(TableError, match="The table programme"):
        write_table("programme", programme.assign(colonia_id=key), tmp_path, lineage=lineage)

    pd.testing.assert_frame_equal(read_table("programme", tmp_path), programme)


def test_what_other_code_checked_is_checked_again(tmp_path, programme, lineage, asked, monkeypatch):
    write_table("programme", programme, tmp_path, lineage=lineage)
    monkeypatch.setattr(store, "code_digest", lambda: "newer")

    write_table("programme", programme, tmp_path, lineage=lineage)

    assert asked == ["programme"] * 2


def test_shapes_that_are_none_are_refused_although_a_checked_table_was_there(tmp_path, lineage):
    table = gpd.GeoDataFrame(
        {"ageb_id": ["1"]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326"
    )
    write_table("ageb", table, tmp_path, lineage=lineage)

    with pytest.raises(TableError, match="The table ageb"):
        write_table(
            "ageb", pd.DataFrame({"ageb_id": ["1"], "geometry": [7]}), tmp_path, lineage=lineage
        )


def test_a_lineage_that_cannot_be_read_vouches_for_nothing(tmp_path, programme, lineage, asked):
    write_table("programme", programme, tmp_path / "one", lineage=lineage)
    beside = tmp_path / "one" / "programme.parquet.lineage.json"
    beside.unlink()
    beside.mkdir()

    write_table(
        "programme", programme, tmp_path / "other", lineage=lineage, before=tmp_path / "one"
    )

    assert asked == ["programme"] * 2


def test_a_file_put_where_a_checked_one_was_vouches_for_nothing(tmp_path, programme, lineage):
    write_table("programme", programme, tmp_path, lineage=lineage)
    wrong = programme.assign(colonia_id=["a b", "22014_2"]).astype({"colonia_id": "str"})
    wrong.to_parquet(tmp_path / "programme.parquet", index=False)

    with pytest.raises(TableError, match="The table programme"):
        write_table("programme", wrong, tmp_path, lineage=lineage)


def test_a_table_that_was_not_made_yet_says_how_to_make_it(tmp_path):
    with pytest.raises(TableError, match=r"The table panel is not in .*“labtools run”"):
        read_table("panel", tmp_path)


def test_a_damaged_table_is_refused_with_its_path(tmp_path, programme, lineage):
    write_table("programme", programme, tmp_path, lineage=lineage)
    path = tmp_path / "programme.parquet"
    path.write_bytes(path.read_bytes()[:-30])

    with pytest.raises(TableError, match=r"programme\.parquet cannot be read .*Delete it"):
        read_table("programme", tmp_path)


def test_a_table_changed_to_something_else_is_refused(tmp_path, programme, lineage):
    write_table("programme", programme, tmp_path, lineage=lineage)
    path = tmp_path / "programme.parquet"
    programme.rename(columns={"stage": "etapa"}).to_parquet(path)

    with pytest.raises(TableError, match="The table programme must have the columns"):
        read_table("programme", tmp_path)


def stop(path):
    with writing(path) as aside:
        aside.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt


def test_work_that_is_interrupted_writes_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        stop(tmp_path / "table.parquet")

    assert list(tmp_path.iterdir()) == []


def test_work_that_is_interrupted_leaves_what_was_there(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_text("whole", encoding="utf-8")

    with pytest.raises(KeyboardInterrupt):
        stop(path)

    assert path.read_text(encoding="utf-8") == "whole"
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_folder_is_for_its_owner_only(tmp_path):
    folder = make_folder(tmp_path / "data" / "raw", private=True)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "data").write_text("", encoding="utf-8")

    with pytest.raises(SettingsError, match=r"data/raw cannot be written .*--workbench"):
        make_folder(tmp_path / "data" / "raw")


def test_a_folder_that_may_only_be_read_is_refused(tmp_path, monkeypatch):
    # Asked of the store's own question, because root may write anywhere.
    monkeypatch.setattr(store.os, "access", lambda *_: False)

    with pytest.raises(SettingsError, match="Give yourself permission to write there"):
        make_folder(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)

    with pytest.raises(SettingsError, match="Permission denied"):
        make_folder(tmp_path)
