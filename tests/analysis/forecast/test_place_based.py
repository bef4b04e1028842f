import numpy as np
import pandas as pd
import pytest

from labtools.analysis.forecast.place_based import place_accuracy
from labtools.errors import AnalysisError


@pytest.mark.parametrize("years", [1, 3, 5, 10])
@pytest.mark.parametrize("share", [0.01, 0.02, 0.05, 0.1])
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
