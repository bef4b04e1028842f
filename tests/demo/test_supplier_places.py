import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from labtools.demo.supplier_places import ageb_codes

COUNTS = ["POBTOT", "VIVTOT", "TVIVHAB"]
KEYS = ["ENTIDAD", "NOM_ENT", "MUN", "NOM_MUN", "LOC", "NOM_LOC", "AGEB", "MZA"]


@pytest.fixture(scope="module")
def colonias(folder):
    return gpd.read_file(folder / "colonias.geojson")


@pytest.fixture(scope="module")
def census(folder):
    return pd.read_csv(folder / "RESAGEBURB_99CSV20.csv", dtype=str, encoding="utf-8-sig")


def test_colonias_come_in_degrees_with_their_properties(colonias):
    properties = ["CVE_COL", "NOM_COLONIA", "DELEGACION", "VIV_HAB", "ALTA"]

    assert colonias.crs == "EPSG:4326"
    assert list(colonias.columns) == [*properties, "geometry"]
    assert colonias["DELEGACION"].nunique() == 7
    assert pd.to_datetime(colonias["ALTA"]).max() < pd.Timestamp("2026-01-01")


def test_dwellings_are_whole_numbers_and_zero_only_in_the_industrial_park(folder):
    features = json.loads((folder / "colonias.geojson").read_text(encoding="utf-8"))["features"]

    dwellings = {one["properties"]["NOM_COLONIA"]: one["properties"]["VIV_HAB"] for one in features}

    assert all(isinstance(n, int) for n in dwellings.values())
    assert [name for name, n in dwellings.items() if n == 0] == ["Parque Industrial El Llano"]


def test_written_colonias_are_valid_and_do_not_overlap(colonias):
    planar = colonias.to_crs(6372)

    overlap = planar.area.sum() - planar.union_all().area

    assert planar.is_valid.all()
    assert abs(overlap) < 1e-6 * planar.area.sum()


def test_ageb_keys_have_13_characters_and_match_the_census(folder, census):
    agebs = gpd.read_file(folder / "ageb.geojson")
    totals = census[(census["MZA"] == "000") & (census["AGEB"] != "0000")]

    keys = totals["ENTIDAD"] + totals["MUN"] + totals["LOC"] + totals["AGEB"]

    assert agebs["CVEGEO"].str.fullmatch(r"990010001\d{3}[\dA]").all()
    assert agebs["CVEGEO"].is_unique
    assert set(agebs["CVEGEO"]) == set(keys)


def test_codes_of_agebs_never_repeat_and_some_end_in_a():
    codes = ageb_codes(260)

    assert len(set(codes)) == 260
    assert any(code.endswith("A") for code in codes)


def test_the_census_begins_with_its_keys_and_totals_come_as_rows(census):
    names = census["NOM_LOC"].iloc[:3].tolist()

    assert list(census.columns[:8]) == KEYS
    assert names == ["Total de la entidad", "Total del municipio", "Total de la localidad urbana"]
    assert (census["NOM_LOC"] == "Total AGEB urbana").sum() == 260


def test_blocks_add_up_to_their_ageb_and_agebs_to_the_locality(census):
    counts = census[COUNTS].astype(int)
    block = census["MZA"] != "000"
    total = ~block & (census["AGEB"] != "0000")

    blocks = counts[block].groupby(census["AGEB"][block]).sum()
    agebs = counts[total].set_axis(census["AGEB"][total])

    pd.testing.assert_frame_equal(blocks, agebs, check_names=False)
    assert agebs.sum().tolist() == counts.iloc[2].tolist()


def test_small_blocks_are_hidden_except_for_three_columns(census):
    small = census["TVIVHAB"].astype(int) < 3
    hidden = [name for name in census.columns[8:] if name not in COUNTS]

    assert small.sum() > 50
    assert (census.loc[small, hidden] == "*").all(axis=None)
    assert not (census.loc[~small] == "*").any(axis=None)
    assert not (census[COUNTS] == "*").any(axis=None)


def test_a_few_cells_are_unknown(census):
    unknown = (census == "N/D").sum()

    assert set(unknown[unknown > 0].index) == {"GRAPROES", "VPH_INTER"}
    assert 5 < unknown.sum() < 100


def test_what_the_census_shows_is_a_number(census):
    shown = census.loc[:, "POBTOT":].replace({"*": np.nan, "N/D": np.nan}).astype(float)

    assert (shown.fillna(0) >= 0).all(axis=None)
    assert shown["POBTOT"].iloc[0] > shown["POBTOT"].iloc[1] > shown["POBTOT"].iloc[2]
