import numpy as np
import pytest

from labtools.analysis.hotspots.kernel_density import (
    Box,
    density_at,
    density_map,
    scott_bandwidth,
)
from labtools.errors import AnalysisError

WINDOW = Box(340349.427788145, 367223.274249208, 553147.774168034, 594817.253213179)


@pytest.fixture(scope="module")
def burglary(oracle):
    """Burglaries of Chicago, in metres."""
    return oracle("chicago_burglary.csv")[["X", "Y"]].to_numpy()


@pytest.fixture(scope="module")
def spatstat(reference):
    return reference("kernel_density_chicago.json")


@pytest.mark.parametrize(
    ("name", "edge", "tolerance"),
    [("none", "none", 1e-3), ("uniform", "uniform", 5e-3), ("diggle", "diggle", 5e-3)],
)
def test_densities_of_burglaries_are_those_of_spatstat(burglary, spatstat, name, edge, tolerance):
    places = burglary[spatstat["events"]]

    found = density_at(places, burglary, 800, window=WINDOW, edge=edge)

    assert found == pytest.approx(spatstat[name], rel=tolerance)


def test_an_event_may_be_left_out_where_it_stands(burglary, spatstat):
    at = np.array(spatstat["events"])

    found = density_at(burglary[at], burglary, 800, edge="none", leave_out=at)

    assert found == pytest.approx(spatstat["left_out"], rel=1e-3)


def test_scotts_bandwidth_is_that_of_spatstat(burglary, spatstat):
    assert scott_bandwidth(burglary) == pytest.approx(spatstat["scott"], rel=1e-6)


def test_a_map_of_an_even_spread_is_even_up_to_the_edge():
    side = np.arange(5.0, 1_000, 10)
    events = np.array([(x, y) for x in side for y in side])
    inside = np.ones((20, 20), bool)
    inside[:4, :4] = False

    found = density_map(events, inside, (0.0, 0.0, 50.0), 100.0)

    assert np.nanmax(np.abs(found.density - 0.01)) < 1e-6
    assert np.isnan(found.density[:4, :4]).all()


def test_a_bandwidth_of_nothing_is_refused():
    with pytest.raises(AnalysisError, match="bandwidth above zero"):
        density_at(np.zeros((1, 2)), np.zeros((1, 2)), 0.0, edge="none")
