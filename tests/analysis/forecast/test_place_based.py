import numpy as np
import pandas as pd
import pytest

from labtools.analysis.forecast.place_based import place_accuracy
from labtools.analysis.hotspots.kernel_density import density_map
from labtools.errors import AnalysisError

SHARES = [0.01, 0.02, 0.05, 0.1]
CELL_FEET, CORNER = 2000.0, (914928.1, 125756.7)


@pytest.mark.parametrize("years", [1, 3, 5, 10])
@pytest.mark.parametrize("share", SHARES)
def test_past_counts_point_at_shootings_as_well_as_the_definition_says(
    oracle, reference, years, share
):
    cells, told = oracle("nyc_cells_2000ft.csv"), reference("places_shootings.json")
    expected, near = told["by_past"][f"last{years}y"][str(share)], told["tolerance"]

    found = place_accuracy(cells[f"h{years}"], cells["test2022"], share=share)

    assert found.chosen == expected["k"]
    assert found.hit_rate == pytest.approx(expected["hit_rate"], **near)
    assert found.accuracy_index == pytest.approx(expected["PAI"], **near)
    assert found.efficiency_index == pytest.approx(expected["PEI"], **near)


@pytest.fixture(scope="module")
def shootings(oracle):
    """Cells with their later events, and the cell and whole years before 2022 of each past one."""
    cells, events = oracle("nyc_cells_2000ft.csv"), oracle("nyc_shootings.csv")
    age = 2021 - pd.to_datetime(events["date"]).dt.year
    at = events[["x", "y"]].to_numpy()
    return cells, at[(age >= 0) & (age < 10)], age[(age >= 0) & (age < 10)].to_numpy()


def spread(at, weight, bandwidth, shape):
    """Return the density of weighted events on the grid of cells, by column and row."""
    column, row = ((at - CORNER) // CELL_FEET).astype(int).T
    if bandwidth:
        return sum(
            weight[k]
            * density_map(at[chosen], np.ones(shape, bool), (*CORNER, CELL_FEET), bandwidth).density
            for k, chosen in ((np.argmax(weight == w), weight == w) for w in np.unique(weight))
        )
    counted = np.zeros(shape)
    np.add.at(counted, (row, column), weight)
    return counted


@pytest.mark.parametrize(
    ("name", "half_life", "years", "bandwidth"),
    [
        ("kde5y_1000ft", np.inf, 5, 1000),
        ("kde5y_1500ft", np.inf, 5, 1500),
        ("kde5y_2500ft", np.inf, 5, 2500),
        ("expdecay_h1.5y", 1.5, 10, 0),
        ("expdecay_h3y", 3, 10, 0),
        ("expdecay_h5y", 5, 10, 0),
        ("expdecay_h3y_kde1500", 3, 10, 1500),
    ],
)
def test_densities_and_fading_counts_point_at_shootings_as_well_as_the_case_says(
    shootings, reference, name, half_life, years, bandwidth
):
    cells, at, age = shootings
    told = reference("places_shootings.json")
    kept = age < years
    shape = (cells["iy"].max() + 1, cells["ix"].max() + 1)

    forecast = spread(at[kept], 0.5 ** (age[kept] / half_life), bandwidth, shape)

    there = pd.Series(forecast[cells["iy"], cells["ix"]])
    for share in SHARES:
        found = place_accuracy(there, cells["test2022"], share=share)
        expected = told["by_density"][name][str(share)]
        reached = [found.chosen, found.hit_rate, found.accuracy_index, found.efficiency_index]
        wanted = [expected[key] for key in ("k", "hit_rate", "PAI", "PEI")]
        assert reached == pytest.approx(wanted, **told["tolerance"])


def test_ties_go_to_the_place_that_comes_first():
    found = place_accuracy(pd.Series([1.0, 1.0]), pd.Series([3.0, 1.0]), share=0.5)

    assert (found.hit_rate, found.accuracy_index, found.efficiency_index) == (0.75, 1.5, 1.0)


def test_the_accuracy_index_is_the_share_of_events_over_the_share_of_area():
    forecast, later = pd.Series([3.0, 2.0, 1.0, 0.0]), pd.Series([6.0, 1.0, 1.0, 0.0])
    areas = pd.Series([5.0, 1.0, 1.0, 3.0])

    found = place_accuracy(forecast, later, share=0.25, areas=areas)

    # One of four places, with half of the area and three quarters of the events.
    assert (found.hit_rate, found.accuracy_index, found.efficiency_index) == (0.75, 1.5, 1.0)


@pytest.mark.parametrize("none", [0.0, np.nan])
def test_a_place_without_area_is_refused(none):
    areas = pd.Series([1.0, none])

    with pytest.raises(AnalysisError, match="1 have none"):
        place_accuracy(pd.Series([1.0, 2.0]), pd.Series([1.0, 2.0]), share=0.5, areas=areas)


@pytest.mark.parametrize("later", [[0.0, 0.0], [np.nan, 2.0]])
def test_places_without_later_events_or_counts_are_refused(later):
    with pytest.raises(AnalysisError, match="later events"):
        place_accuracy(pd.Series([1.0, 2.0]), pd.Series(later), share=0.5)
