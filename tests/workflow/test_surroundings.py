"""Establishments and indices of AGEBs become indicators of colonias, by the shipped descriptors."""

import geopandas as gpd
import pandas as pd
import pytest

from labtools import paths
from labtools.errors import SettingsError, SourceError
from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.sources.ageb_index import clean_ageb_index
from labtools.sources.descriptor import load_descriptor
from labtools.sources.establishments import clean_establishments
from labtools.tables.store import read_table
from labtools.workflow.intake import clean, collect
from labtools.workflow.placing import locate
from labtools.workflow.steps import open_workbench
from labtools.workflow.surroundings import ALL_PREMISES, premises_around, premises_digest
from tests.sources.supplied import intake, register_file, square, written

SETTINGS = """
[lab]
name = "Prueba"
municipality = "Prueba"
municipality_id = "22014"
[colonias]
path = "padron.geojson"
descriptor = "colonias_conapo_2020"
cutoff = "2024-12-31"
columns = { id = "clave", name = "nombre", population = "pob" }
[[source]]
name = "negocios"
descriptor = "denue_inegi"
path = "denue.csv"
cutoff = "2024-12-31"
[[source]]
name = "marginacion"
descriptor = "imu"
path = "imu.csv"
cutoff = "2024-12-31"
"""
AGEB = """
[[source]]
name = "ageb"
descriptor = "ageb_inegi"
path = "ageb.geojson"
cutoff = "2020-03-15"
columns = { id = "clave" }
"""
HEADER = "id,clee,nom_estab,codigo_act,per_ocu,telefono,latitud,longitud,fecha_alta"
#: Two bars and a shop in the first colonia, a bar nowhere, and one without a point.
PLACES = (
    "1,A,BAR DE MARÍA PÉREZ,722412,0 a 5 personas,4421234567,20.51234,-100.39123,2010-07",
    "2,B,EL GATO,722411,0 a 5 personas,,20.51244,-100.39133,2014-12",
    "3,C,ABARROTES,461110,0 a 5 personas,,20.51254,-100.39143,2019-11",
    "4,D,LEJOS,722412,0 a 5 personas,,21.91234,-101.39123,2019-11",
    "5,E,SIN PUNTO,722412,0 a 5 personas,,,,2019-11",
)
KEYS = ("220140001001A", "2201400010024")
INDEX = ("CVE_AGEB,POB_TOTAL,IM_2020,PSDSS", f"{KEYS[0]},300,120.5,10", f"{KEYS[1]},100,100.5,30")


@pytest.fixture
def lab(tmp_path):
    """Return a workbench of two colonias: the first lies on both AGEBs, the second on none."""
    ground = [square(-100.4, 20.5, 0.02), square(-100.3, 20.5, 0.02)]
    register_file(
        tmp_path, clave=["01", "02"], nombre=["Uno", "Dos"], pob=["400", "0"], geometry=ground
    )
    areas = [square(-100.4, 20.5, 0.01), square(-100.39, 20.5, 0.01)]
    gpd.GeoDataFrame({"clave": KEYS}, geometry=areas, crs=4326).to_file(tmp_path / "ageb.geojson")
    written(tmp_path, "\n".join([HEADER, *PLACES]) + "\n", "denue.csv")
    written(tmp_path, "\n".join(INDEX) + "\n", "imu.csv")
    told = load_descriptor("imu_conapo_2020", Workbench(tmp_path))
    assert told.file.sheet == "IMU_2020"
    folder = tmp_path / "data" / "sources"
    folder.mkdir(parents=True)
    shipped = load_text("imu_conapo_2020").replace('"xlsx"\nsheet = "IMU_2020"', '"csv"')
    (folder / "imu.toml").write_text(shipped, encoding="utf-8")
    shipped = load_text("colonias_conapo_2020").split("[[indicator]]")[0]
    (folder / "colonias_conapo_2020.toml").write_text(shipped, encoding="utf-8")
    secrets = tmp_path / "data" / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "pseudonyms.key").write_text("07" * 32)
    (secrets / "pseudonyms.key").chmod(0o400)
    return tmp_path


def load_text(name):
    return (paths.bundled("data", "sources") / f"{name}.toml").read_text(encoding="utf-8")


def located(lab, settings):
    (lab / "lab.toml").write_text(settings, encoding="utf-8")
    opened = open_workbench(Workbench(lab))
    collect(opened)
    clean(opened)
    accounts = {account.source: account for account in locate(opened)}
    return read_table("indicators", opened.workbench.interim("located")), accounts


def test_bars_are_told_per_thousand_residents_and_an_index_as_the_mean_of_its_areas(lab):
    table, accounts = located(lab, SETTINGS + AGEB)

    wide = table.pivot_table(
        index="colonia_id", columns="indicator", values="value", dropna=False, observed=False
    )
    assert wide.loc["01", "bars"] == pytest.approx(1000 * 2 / 400)
    assert wide.loc["01", "urban_marginality"] == pytest.approx((300 * 120.5 + 100 * 100.5) / 400)
    assert wide.loc["01", "no_health_cover_ageb"] == pytest.approx((300 * 10 + 100 * 30) / 400)
    assert wide.loc["02"].isna().all()
    found = accounts["negocios"]
    assert (found.read, found.kept) == (5, 3)
    assert dict(found.rejected) == {"no_place": 1, "outside": 1}
    around = premises_around(open_workbench(Workbench(lab))).set_index(["colonia_id", "kind"])
    assert around["premises"].to_dict() == {
        ("01", "bars"): 2, ("02", "bars"): 0, ("01", ALL_PREMISES): 3, ("02", ALL_PREMISES): 0,
    }  # fmt: skip
    # Three places of "0 a 5 personas": the middle of the band is 2.5.
    assert around.loc[("01", ALL_PREMISES), "jobs"] == 7.5
    # From the middle of the first colonia (-100.39, 20.51) to the nearer bar, some 290 m.
    assert around.loc[("01", "bars"), "metres"] == pytest.approx(290, abs=15)
    assert around.loc[("02", "bars"), "metres"] > 9_000


def test_premises_have_another_digest_where_they_may_be_others_and_only_there(lab):
    def digest(settings=SETTINGS + AGEB):
        located(lab, settings)
        return premises_digest(open_workbench(Workbench(lab)))

    first = digest()
    written(lab, "\n".join(INDEX).replace("120.5", "121.5") + "\n", "imu.csv")
    another_index = digest()
    elsewhere = digest(SETTINGS.replace("[lab]", '[lab]\ncrs = "EPSG:32614"') + AGEB)
    written(lab, "\n".join([HEADER, *PLACES[1:]]) + "\n", "denue.csv")
    one_bar_less = digest()

    assert another_index == first
    assert len({first, elsewhere, one_bar_less}) == 3


def test_no_name_or_telephone_of_an_establishment_leaves_the_raw_file(lab):
    located(lab, SETTINGS + AGEB)

    paths = list((lab / "data" / "interim" / "clean").glob("negocios.*.parquet"))
    told = {path.name.split(".")[1]: pd.read_parquet(path) for path in paths}
    said = "\n".join(table.to_csv() for table in told.values())
    assert not any(sign in said for sign in ("MARÍA", "PÉREZ", "4421234567", "GATO", "ABARROTES"))
    assert told["establishments"].columns.tolist() == [
        "establishment_id", "activity", "staff", "lon", "lat",
    ]  # fmt: skip


def test_an_index_without_polygons_of_its_areas_says_which_source_is_missing(lab):
    with speaking("en"), pytest.raises(SettingsError, match="kind “ageb”"):
        located(lab, SETTINGS)


@pytest.mark.parametrize(
    ("clean_it", "lines", "told"),
    [
        (clean_establishments, (HEADER, PLACES[0], PLACES[0].replace("722412", "461110")),
         "rows 2 and 3 .* 1 and give"),
        (clean_establishments, (HEADER, PLACES[0].replace("722412", "Bar")),
         "none of its 1 cells is a code of SCIAN"),
        (clean_ageb_index, (INDEX[0], INDEX[1].replace(KEYS[0], "22-014")), "no key of an AGEB"),
        (clean_ageb_index, (*INDEX[:2], INDEX[1].replace("120.5", "90")), "different figures"),
        (clean_ageb_index, (INDEX[0], INDEX[1].replace(",10", ",110")),
         "110 in row 2 is no percentage"),
        (clean_ageb_index, (INDEX[0], INDEX[1].replace("300", "3.5")), "is no count"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_with_its_row(lab, clean_it, lines, told):
    name = "imu" if clean_it is clean_ageb_index else "denue_inegi"
    said = load_descriptor(name, Workbench(lab)).model_dump()
    path = written(lab, "\n".join(lines) + "\n", "malo.csv")

    with speaking("en"), pytest.raises(SourceError, match=told):
        clean_it(intake(path, said))


def test_a_layer_is_near_or_far_and_no_figure_of_a_colonia_is_made_of_it(lab):
    layer = load_text("denue_inegi").rstrip() + "\nnear_only = true\n"
    (lab / "data" / "sources" / "denue_inegi.toml").write_text(layer, encoding="utf-8")

    table, accounts = located(lab, SETTINGS + AGEB)

    assert "bars" not in set(table["indicator"])
    assert accounts["negocios"].kept == 3
    near = premises_around(open_workbench(Workbench(lab))).query("kind == 'bars'")
    assert near.set_index("colonia_id")["premises"].to_dict() == {"01": 2, "02": 0}
