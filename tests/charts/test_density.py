import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from lxml import etree
from shapely.geometry import box

from labtools import messages
from labtools.charts.density import density_chart


@pytest.fixture
def drawn():
    lon, lat = np.meshgrid(-100.4 + 0.0024 * np.arange(10), 20.5 + 0.00225 * np.arange(8))
    density = pd.DataFrame(
        {
            "lon": lon.ravel(),
            "lat": lat.ravel(),
            "cell_metres": 250,
            "per_km2": np.r_[np.zeros(40), np.full(39, 50.0), 200.0],
        }
    )
    ends = -100.4, 20.5, -100.38, 20.52
    colonias = gpd.GeoDataFrame({"borough": ["North"]}, geometry=[box(*ends)], crs="EPSG:4326")
    with messages.speaking("en"):
        return etree.fromstring(density_chart(density, colonias))


def test_each_cell_is_drawn_once_and_the_picture_says_what_it_is(drawn):
    paths = [it.get("d") for it in drawn.iter("{*}path")]

    assert sum(path.count("z") for path in paths if "h" in path) == 80
    words = "".join(drawn.itertext())
    assert "80 cells of 250 metres; the thickest has 200 files a square kilometre" in words


def test_cells_are_square_and_the_northern_ones_stand_above(drawn):
    first = [it.get("d") for it in drawn.iter("{*}path") if "h" in (it.get("d") or "")]
    thickest = first[-1]

    across, down = (
        float(part.split("v")[0])
        for part in (thickest.split("h")[1], thickest.split("v")[1].split("h")[0])
    )
    assert across == down
    top = float(thickest.split("h")[0].split(" ")[1])
    assert top == pytest.approx(0.0, abs=1.0)
