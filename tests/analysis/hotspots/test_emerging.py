"""What is new is found where it was planted, and what was always high is not new."""

import numpy as np
import pandas as pd
import pytest

from labtools.analysis.hotspots.emerging import RECENT, emerging_clusters
from labtools.errors import AnalysisError

AREAS, MONTHS = 64, 42
PLANTED = ["a19", "a26", "a27", "a28", "a35"]  # a circle: an area and its four neighbours


@pytest.fixture(scope="module")
def city():
    """A city of eight by eight areas, the first of which always have five times the crime."""
    rng = np.random.default_rng(3)
    areas = pd.Index([f"a{n:02d}" for n in range(AREAS)])
    places = pd.DataFrame({"x": np.arange(AREAS) % 8, "y": np.arange(AREAS) // 8}, areas) * 500.0
    people = pd.Series(rng.integers(800, 3_000, AREAS).astype(float), areas)
    rate = np.where(np.arange(AREAS) < 6, 5.0, 1.0)
    mean = np.outer(rate * people / 500, np.ones(MONTHS))
    return pd.DataFrame(rng.poisson(mean).astype(float), areas), people, places


def risen(counts, members):
    new = counts.copy()
    new.loc[members, new.columns[-3:]] *= 2.5
    return new


def test_a_rise_of_the_last_months_is_found_where_it_was_planted(city):
    counts, people, places = city

    found = emerging_clusters(risen(counts, PLANTED), people, places, replicates=199).clusters

    first = found.iloc[0]
    assert first["p_value"] == 1 / 200
    assert set(PLANTED) <= set(first["areas"])
    assert len(first["areas"]) <= len(PLANTED) + 2
    assert first["periods"] == 3


def test_what_was_always_high_is_not_new(city):
    counts, people, places = city

    found = emerging_clusters(counts, people, places, replicates=199).clusters

    assert found["p_value"].min() > 0.05


def test_areas_without_people_or_with_a_month_missing_are_left_out(city):
    counts, people, places = city
    counts, people = risen(counts, PLANTED), people.copy()
    people["a19"] = 0.0
    counts.iloc[28, -1] = np.nan

    found = emerging_clusters(counts, people, places, replicates=199).clusters

    named = {area for areas in found["areas"] for area in areas}
    assert {"a27", "a35"} <= named
    assert not {"a19", "a28"} & named


def test_too_few_months_are_refused(city):
    counts, people, places = city
    few = counts.iloc[:, : 2 * RECENT - 1]

    with pytest.raises(AnalysisError, match="needs 12 months of counts, and there are 11"):
        emerging_clusters(few, people, places)
