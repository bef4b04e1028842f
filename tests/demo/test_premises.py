import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from labtools.demo.premises import TRADES


@pytest.fixture(scope="module")
def premises(folder):
    return pd.read_csv(folder / "denue.csv", dtype={"codigo_act": "str"}, encoding="latin-1")


def test_the_directory_names_no_owner_and_keeps_every_key_once(premises):
    assert list(premises.columns) == ["id", "codigo_act", "per_ocu", "latitud", "longitud"]
    assert premises["id"].is_unique
    assert set(premises["codigo_act"]) == {trade.activity for trade in TRADES}


def test_premises_lie_in_colonias_and_bars_where_there_is_commerce(premises, folder, city):
    colonias = gpd.read_file(folder / "colonias.geojson")
    bars = premises[premises["codigo_act"].str.startswith("7224")].dropna()
    places = gpd.points_from_xy(bars["longitud"], bars["latitud"], crs="EPSG:4326")

    at = colonias.sindex.query(places, predicate="intersects")[1]

    # Coordinates are rounded to a centimetre: a point on a border may fall outside.
    assert len(np.unique(at)) > 50
    assert abs(len(at) - len(bars)) <= 0.01 * len(bars)
    commerce = city.people.colonias["commerce"].to_numpy()
    assert commerce[at].mean() > commerce.mean() + 0.5
