import pytest
import shapely

from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.sources.colonias import clean_ageb, clean_colonias
from labtools.tables.contracts import check_table
from tests.sources.supplied import REGISTER, intake, register_file, square

BOWTIE = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])  # two triangles of area 1
SPIKE = shapely.Polygon([(5, 0), (6, 0), (5, 0)])  # no area at all
AGEB = {"kind": "ageb", "file": {"format": "geo"}, "columns": {"id": "clave"}}


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def cleaned(folder, said=REGISTER, where=None, **columns):
    path = register_file(folder, **columns)
    return clean_colonias(intake(path, said, source="colonias", where=where or {}))


def test_a_register_keeps_keys_names_and_people_as_they_are(tmp_path):
    found = cleaned(
        tmp_path, clave=["007", "22_1"], nombre=["  Las  Peñas", "NA"], pob=["120", "0"]
    )

    colonias = check_table("colonias", found.tables["colonias"])
    assert colonias["colonia_id"].tolist() == ["007", "22_1"]
    assert colonias["name"].tolist() == ["Las Peñas", "NA"]
    assert colonias["population"].tolist() == [120, 0]
    assert colonias["dwellings"].isna().all()
    assert found.account.kept == 2


def test_people_that_are_not_known_are_missing_and_not_zero(tmp_path):
    said = {**REGISTER, "tokens": {"*": "confidential"}}

    found = cleaned(tmp_path, said, clave=["1", "2"], nombre=["a", "b"], pob=["*", "3"])

    assert found.tables["colonias"]["population"].fillna(-1).tolist() == [-1, 3]


def test_a_figure_that_is_none_is_refused_with_its_place(tmp_path):
    with pytest.raises(SourceError, match=r"column “pob”: “1,234” in row 3 is not a number"):
        cleaned(tmp_path, clave=["1", "2"], nombre=["a", "b"], pob=["5", "1,234"])


@pytest.mark.parametrize(
    ("keys", "value"),
    [(["1", "2", "1"], "1"), (["1", None, "3"], ""), (["1", "2/3", "4"], "2/3")],
    ids=["repeated", "missing", "no key"],
)
def test_a_key_that_cannot_tell_colonias_apart_is_refused(tmp_path, keys, value):
    with pytest.raises(SourceError, match=rf"the key “clave” .*“{value}” is not \(1 cases\)"):
        cleaned(tmp_path, clave=keys, nombre=["a", "b", "c"], pob=["1", "2", "3"])


def test_a_bowtie_is_repaired_and_counted(tmp_path):
    found = cleaned(
        tmp_path,
        clave=["1", "2"],
        nombre=["a", "b"],
        pob=["1", "2"],
        geometry=[BOWTIE, square(3, 0)],
    )

    geometry = found.tables["colonias"].geometry
    assert geometry.is_valid.all()
    assert shapely.area(geometry.to_numpy()).tolist() == pytest.approx([2, 1])
    assert found.account.changed == {"polygon_repaired": 1}


@pytest.mark.parametrize(
    "shape",
    [None, shapely.Polygon(), SPIKE, shapely.Point(0, 0)],
    ids=["none", "empty", "spike", "point"],
)
@pytest.mark.parametrize(("clean", "said"), [(clean_colonias, REGISTER), (clean_ageb, AGEB)])
def test_a_feature_without_polygon_is_rejected(tmp_path, shape, clean, said):
    path = register_file(
        tmp_path,
        clave=["1", "2"],
        nombre=["a", "b"],
        pob=["1", "2"],
        geometry=[shape, square(3, 0)],
    )

    found = clean(intake(path, said))

    assert (found.account.read, found.account.kept) == (2, 1)
    assert found.account.rejected == {"no_polygon": 1}
    (table,) = [t for t in found.tables.values() if "geometry" in t]
    assert len(table) == 1


def test_a_register_of_centres_is_refused(tmp_path):
    with pytest.raises(SourceError, match="has 1 features and none has a polygon"):
        cleaned(tmp_path, clave=["1"], nombre=["a"], pob=["1"], geometry=[shapely.Point(0, 0)])


def test_one_municipality_of_a_state_is_chosen_by_how_its_keys_begin(tmp_path):
    found = cleaned(
        tmp_path,
        clave=["22014_1", "22014_2", "22006_1"],
        nombre=["a", "b", "c"],
        pob=["1", "2", "3"],
        where={"clave": "22014_*"},
    )

    assert found.tables["colonias"]["colonia_id"].tolist() == ["22014_1", "22014_2"]
    assert found.account.rejected == {"of_another_municipality": 1}


def test_a_where_that_matches_no_colonia_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"has nothing that matches clave = 09\*"):
        cleaned(tmp_path, clave=["1"], nombre=["a"], pob=["1"], where={"clave": "09*"})


def test_a_register_without_a_column_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"padron\.geojson has no column “pob” \(1 missing\)"):
        cleaned(tmp_path, clave=["1"], nombre=["a"])


def test_the_municipality_s_indicator_weighs_each_colonia_by_its_people(tmp_path):
    indicator = {"key": "crowding", "label": "Hacinamiento", "unit": "%", "numerator": ["hac"]}
    said = {**REGISTER, "indicator": [indicator]}

    found = cleaned(
        tmp_path,
        said,
        clave=["1", "2", "3"],
        nombre=["a", "b", "c"],
        pob=["100", "300", "600"],
        hac=[10.0, 20.0, None],
    )

    table = check_table("indicators", found.tables["indicators"])
    assert table["value"].fillna(-1).tolist() == [10, 20, -1]
    assert table["municipality"].tolist() == pytest.approx([17.5] * 3)  # (10·100 + 20·300) / 400


@pytest.mark.parametrize(("away", "told"), [(0.0001, 0), (0.001, 1)], ids=["a street", "a field"])
def test_a_polygon_away_from_all_others_is_told_and_one_across_a_street_is_not(
    tmp_path, away, told
):
    shapes = [square(0, 0), square(1, 0), square(2 + away, 0)]  # degrees: 11 m, and 111 m

    found = cleaned(
        tmp_path,
        clave=["1", "2", "3"],
        nombre=["a", "b", "c"],
        pob=["1", "2", "3"],
        geometry=shapes,
    )

    said = [str(finding) for finding in found.findings]
    assert len(said) == told
    assert all("away from all others, 3:" in line for line in said)
