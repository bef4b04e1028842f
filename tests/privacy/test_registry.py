"""The registry of tables of a municipality of 400 colonias and twelve months, attacked whole."""

import numpy as np
import pandas as pd
import pytest

from labtools.privacy.attacker import attack
from labtools.privacy.claims import links, rounded_range, sums_within
from labtools.privacy.rounding import round_counts

KEY = b"k" * 32
QUARTERS = ["colonia", "quarter", "group"]
BOROUGHS = ["borough", "month", "crime"]


@pytest.fixture(scope="module")
def months() -> pd.DataFrame:
    """Return true counts of 400 colonias, twelve months and ten crimes, about 60,000 events."""
    rng = np.random.default_rng(1)
    places, crimes = np.arange(400), np.arange(10)
    full = pd.MultiIndex.from_product(
        [places, pd.date_range("2025-01-01", periods=12, freq="MS"), crimes],
        names=["colonia", "month", "crime"],
    ).to_frame(index=False)
    sizes = np.repeat(rng.gamma(0.8, 1.3, 400), 120)
    return full.assign(
        true=rng.poisson(sizes * 1.25),
        borough=full["colonia"] % 7,
        quarter=full["month"].dt.quarter,
        group=full["crime"] % 4,
    )


def released(months, by, name, *, true=False):
    sums = months.groupby(by, as_index=False)["true"].sum()
    counts = sums["true"].astype("Int64")
    figures = counts if true else round_counts(counts, sums[by], key=KEY, table=name)
    ranges = rounded_range(figures)
    if true:
        ranges = ranges.assign(low=counts.astype(float), high=counts.astype(float))
    return sums[by].join(ranges)


@pytest.fixture(scope="module")
def cells(months):
    return cells_of(months)


def cells_of(months):
    quarters = months.groupby([*QUARTERS, "borough"], as_index=False)["true"].sum()
    boroughs = months.groupby([*BOROUGHS, "quarter", "group"], as_index=False)["true"].sum()
    return pd.concat([quarters, boroughs], ignore_index=True)


@pytest.fixture(scope="module")
def registry(months, cells):
    return registry_of(months, cells)


def registry_of(months, cells):
    tables = {"P2": QUARTERS, "P3": BOROUGHS, "P4": ["month", "crime"]}
    claims = [
        sums_within(cells, released(months, by, name), by, name=name) for name, by in tables.items()
    ]
    of_colonias = cells["colonia"].notna()
    return [*claims, links(cells, of_colonias, ["borough", "quarter", "group"], name="same events")]


def test_quarters_by_colonia_and_months_of_boroughs_and_municipality_give_no_count_away(
    cells, registry
):
    found = attack(cells, registry, confidential=cells["colonia"].notna())

    assert found.confidential.sum() == 400 * 4 * 4
    assert (found.exact, found.narrow) == (0, 0)


@pytest.fixture(scope="module")
def with_years(months, cells, registry):
    """Return all claims where years are rounded on their own, too."""
    years = sums_within(cells, released(months, ["colonia"], "P1"), ["colonia"], name="P1")
    return [*registry, years]


@pytest.fixture(scope="module")
def found_with_years(cells, with_years):
    return attack(cells, with_years, confidential=cells["colonia"].notna())


def test_years_rounded_on_their_own_beside_quarters_narrow_small_colonias(found_with_years):
    # A year of zero beside a quarter of three leaves two values to the other quarters: years
    # are summed from the rounded quarters, and not rounded apart.
    assert found_with_years.narrow > 0
    assert found_with_years.leaks()["colonia"].nunique() < 20


def test_true_years_beside_rounded_quarters_are_found(months):
    months = months[months["colonia"] < 100]  # each gives its own years away: a hundred do
    cells = cells_of(months)
    years = sums_within(
        cells, released(months, ["colonia"], "P1", true=True), ["colonia"], name="P1"
    )

    found = attack(
        cells, [*registry_of(months, cells), years], confidential=cells["colonia"].notna()
    )

    assert found.exact > 0


def test_another_seed_of_the_search_finds_the_same_leaks(cells, with_years, found_with_years):
    other = attack(cells, with_years, confidential=cells["colonia"].notna(), seed=1)

    assert (other.exact, other.narrow) == (found_with_years.exact, found_with_years.narrow)
