import json
import zipfile

import geopandas as gpd
import pytest

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.messages import speaking
from labtools.sources.areas import read_areas
from labtools.sources.opening import MAXIMUM_ARCHIVE_BYTES
from tests.sources.supplied import square, written

GEO = FileFormat(format="geo")


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def areas():
    return gpd.GeoDataFrame({"clave": ["007"]}, geometry=[square(-100, 20)], crs="EPSG:4326")


def shapefile(folder):
    areas().to_file(folder / "c.shp")
    return sorted(folder.glob("c.*"))


def zipped(folder, *paths):
    with zipfile.ZipFile(folder / "c.zip", "w") as archive:
        for path in paths:
            archive.write(path, path.name)
    return folder / "c.zip"


def test_areas_arrive_in_degrees_whatever_their_reference_system(tmp_path):
    areas().to_crs("EPSG:6372").to_file(tmp_path / "c.gpkg")

    found = read_areas(tmp_path / "c.gpkg", GEO)

    assert found.crs == "EPSG:4326"
    # A millionth of a degree is eleven centimetres: what going there and back may cost.
    assert found.geometry[0].equals_exact(square(-100, 20), 1e-6, normalize=True)


def test_a_zip_with_all_the_files_of_a_shapefile_is_read(tmp_path):
    packed = zipped(tmp_path, *shapefile(tmp_path))

    assert read_areas(packed, GEO)["clave"].tolist() == ["007"]


@pytest.mark.parametrize("alone", [True, False])
def test_one_file_of_a_shapefile_is_refused_with_what_to_send(tmp_path, alone):
    # Beside the others it could be read here, but only one file of a source is kept.
    for path in shapefile(tmp_path):
        if alone and path.suffix != ".shp":
            path.unlink()

    with (
        speaking("en"),
        pytest.raises(SourceError, match="Add all the files of the shapefile"),
    ):
        read_areas(tmp_path / "c.shp", GEO)


def test_one_of_several_layers_is_never_chosen_in_silence(tmp_path):
    path = tmp_path / "c.gpkg"
    areas().assign(clave="viejo").to_file(path, layer="padron_2019")
    areas().assign(clave="nuevo").to_file(path, layer="padron_2024")

    with pytest.raises(SourceError, match="has the layers padron_2019 and padron_2024"):
        read_areas(path, GEO)
    named = read_areas(path, FileFormat(format="geo", sheet="padron_2024"))
    assert named["clave"].tolist() == ["nuevo"]


def test_a_file_that_does_not_say_its_reference_system_needs_a_declared_one(tmp_path):
    packed = zipped(tmp_path, *(path for path in shapefile(tmp_path) if path.suffix != ".prj"))

    with pytest.raises(SourceError, match="does not say its coordinate reference system"):
        read_areas(packed, GEO)
    declared = read_areas(packed, FileFormat(format="geo", crs="EPSG:4326"))
    assert declared.crs == "EPSG:4326"


def test_a_reference_system_that_nobody_knows_is_refused(tmp_path):
    areas().to_file(tmp_path / "c.gpkg")

    with pytest.raises(SourceError, match="“EPSG:1”, is not a reference system"):
        read_areas(tmp_path / "c.gpkg", FileFormat(format="geo", crs="EPSG:1"))


def test_a_table_in_place_of_areas_is_refused(tmp_path):
    path = written(tmp_path, "clave,nombre\n007,Centro\n", "c.csv")

    with pytest.raises(SourceError, match=r"c\.csv is a table without polygons"):
        read_areas(path, GEO)


@pytest.mark.parametrize("text", ["", "<html>", json.dumps({"type": "FeatureCollection"})[:-3]])
def test_a_file_that_is_none_is_refused_with_its_name(tmp_path, text):
    with pytest.raises(SourceError, match=r"c\.geojson cannot be read as polygons"):
        read_areas(written(tmp_path, text, "c.geojson"), GEO)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"nada\.gpkg cannot be read"):
        read_areas(tmp_path / "nada.gpkg", GEO)


def test_a_file_of_polygons_larger_than_the_limit_is_not_opened(tmp_path):
    path = tmp_path / "colonias.geojson"
    with path.open("wb") as file:
        file.truncate(MAXIMUM_ARCHIVE_BYTES + 1)  # holes: no disk is used

    with speaking("en"), pytest.raises(SourceError, match="was not read: files of this kind"):
        read_areas(path, FileFormat(format="geo"))
