import shutil

import pytest

from labtools.dashboards.data import find_public, open_released
from labtools.errors import TableError
from tests.browser.released_example import NAMES, WITHOUT_FICHA


def test_the_edition_is_read_from_the_run_that_the_link_points_to(public, tmp_path):
    (tmp_path / "latest").symlink_to(public.parent)

    data = open_released(tmp_path / "latest" / "public")

    assert data.public == public
    assert len(data.colonias) == len(NAMES)


@pytest.mark.parametrize("folder", ["internal", "."])
def test_a_folder_that_is_not_the_public_one_of_a_run_is_refused(public, tmp_path, folder):
    shutil.copytree(public, tmp_path / "run" / "internal")

    with pytest.raises(TableError, match="public"):
        open_released(tmp_path / "run" / folder)


def test_a_folder_without_an_edition_says_which_command_makes_one(tmp_path):
    (tmp_path / "public").mkdir()

    with pytest.raises(TableError, match="labtools run"):
        open_released(tmp_path / "public")


def test_a_table_that_is_a_link_out_of_the_edition_is_not_read(public, tmp_path):
    copied = tmp_path / "public"
    shutil.copytree(public, copied)
    (copied / "tables" / "crime.parquet").unlink()
    (copied / "tables" / "crime.parquet").symlink_to(public / "tables" / "crime.parquet")

    with pytest.raises(TableError, match=r"crime\.parquet"):
        _ = open_released(copied).crime


def test_nothing_is_read_before_it_is_asked_for(public, tmp_path):
    copied = tmp_path / "public"
    shutil.copytree(public, copied)
    data = open_released(copied)
    (copied / "tables" / "crime.parquet").write_bytes(b"spoiled")

    assert len(data.colonias) == len(NAMES)
    with pytest.raises(Exception, match=r"(?i)parquet"):
        _ = data.crime


def test_a_ficha_holds_the_slices_of_its_colonia_and_its_seal(data):
    ficha = data.ficha("C02")

    assert set(ficha.tables["crime"]["colonia_id"]) == {"C02"}
    assert len(ficha.seal) == 16


def test_a_colonia_without_ficha_has_its_crime_and_no_seal(data):
    ficha = data.ficha(WITHOUT_FICHA)

    assert set(ficha.tables["crime"]["colonia_id"]) == {WITHOUT_FICHA}
    assert "change" not in ficha.tables
    assert ficha.seal == ""


@pytest.mark.parametrize("colonia_id", ["C99", "../internal/C01", ""])
def test_a_key_that_is_no_colonia_of_the_edition_opens_no_file(data, colonia_id):
    with pytest.raises(TableError):
        data.ficha(colonia_id)


def test_the_named_workbench_comes_before_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("LABTOOLS_PUBLIC", "/elsewhere/public")

    assert find_public(str(tmp_path)) == tmp_path / "reports" / "latest" / "public"
    assert str(find_public()) == "/elsewhere/public"


def test_the_nearest_workbench_is_found_from_inside(tmp_path, monkeypatch):
    monkeypatch.delenv("LABTOOLS_PUBLIC", raising=False)
    monkeypatch.delenv("LABTOOLS_WORKBENCH", raising=False)
    (tmp_path / "lab.toml").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")

    assert find_public() == tmp_path / "reports" / "latest" / "public"


def test_without_any_workbench_the_error_says_where_it_was_sought(tmp_path, monkeypatch):
    monkeypatch.delenv("LABTOOLS_PUBLIC", raising=False)
    monkeypatch.delenv("LABTOOLS_WORKBENCH", raising=False)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(TableError, match=tmp_path.name):
        find_public()
