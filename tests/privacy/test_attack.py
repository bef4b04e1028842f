"""What an attacker learns who has everything that is published, and knows the method."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from labtools.privacy.release import protect_months, protect_quarters
from labtools.tables import vocabulary as words

QUARTERS = pd.date_range("2025-01-01", periods=4, freq="QS")
COLONIAS = [f"c{i}" for i in range(6)]
WITHHELD = frozenset({"c5"})
KEY = hashlib.sha256(b"attack").digest()


@pytest.fixture(scope="module")
def cells():
    full = pd.MultiIndex.from_product(
        [COLONIAS, QUARTERS, words.GROUPS], names=["colonia_id", "quarter", "group"]
    ).to_frame(index=False)
    true = np.random.default_rng(1).poisson(1.5, len(full))
    table = full.assign(events=pd.array(true, dtype="Int64"), state="shown")
    public = protect_quarters(table, WITHHELD, key=KEY)
    return table.assign(public=public["events"])


def published_totals(cells):
    """Months of the municipality as they are released: each rounded on its own."""
    third = cells["events"] // 3
    parts = [third, third, cells["events"] - 2 * third]
    months = pd.concat(
        [
            cells.assign(month=cells["quarter"] + pd.DateOffset(months=i), events=part)
            for i, part in enumerate(parts)
        ]
    )
    summed = months.groupby(["month", "group"], as_index=False)["events"].sum()
    public = protect_months(summed.astype({"events": "Int64"}), key=KEY)
    quarter = public["month"].dt.to_period("Q").dt.start_time
    return public.assign(quarter=quarter).groupby(["quarter", "group"])["events"].sum()


def bounds_of(cells, totals):
    """Least and greatest value of each cell that agrees with everything published."""
    n = len(cells)
    known = cells["public"].notna()
    low = (cells["public"] - 2).clip(lower=0).where(known, 0).astype(float)
    high = (cells["public"] + 2).astype(float).where(known, np.inf)
    keys = list(zip(cells["quarter"], cells["group"], strict=True))
    inside = np.array([[key == row for key in keys] for row in totals.index], dtype=float)
    # Three rounded months make a quarter: each is at most two away.
    limits = np.concatenate([totals.to_numpy(float) + 6, -(totals.to_numpy(float) - 6)])
    found = []
    for cell in range(n):
        goal = np.zeros(n)
        goal[cell] = 1
        ends = [
            linprog(
                sign * goal,
                A_ub=np.vstack([inside, -inside]),
                b_ub=limits,
                bounds=list(zip(low, high, strict=True)),
            ).fun
            * sign
            for sign in (1, -1)
        ]
        found.append(ends)
    return np.array(found)


@pytest.fixture(scope="module")
def bounds(cells):
    return bounds_of(cells, published_totals(cells))


def test_what_is_published_is_true_of_the_true_counts(cells, bounds):
    true = cells["events"].to_numpy(float)

    assert (bounds[:, 0] <= true + 1e-9).all()
    assert (true <= bounds[:, 1] + 1e-9).all()


def test_no_count_of_any_cell_is_pinned_by_everything_published_together(cells, bounds):
    width = bounds[:, 1] - bounds[:, 0]

    # Zero published allows 0, 1 and 2; every other figure allows at least as many.
    assert (np.floor(bounds[:, 1] + 1e-9) - np.ceil(bounds[:, 0] - 1e-9) + 1).min() >= 3
    assert width[cells["public"].fillna(9) > 0].min() >= 3


def test_a_withheld_colonia_cannot_be_found_by_subtracting_the_others(cells, bounds):
    hidden = cells["colonia_id"].isin(WITHHELD)

    width = bounds[hidden, 1] - bounds[hidden, 0]

    assert cells.loc[hidden, "public"].isna().all()
    assert width.min() >= 6


def test_the_same_count_published_again_tells_nothing_new(cells):
    editions = [protect_quarters(cells, WITHHELD, key=KEY)["events"] for _ in range(12)]

    mean = sum(edition.astype(float) for edition in editions) / 12

    pd.testing.assert_series_equal(mean, editions[0].astype(float), check_names=False)


def test_a_figure_published_is_equally_likely_from_the_counts_around_it():
    # Over many keys: of the counts 1 to 5 published as 3, the odds are 1:2:3:2:1.
    of = pd.DataFrame(
        {
            "colonia_id": np.repeat([f"c{i}" for i in range(3_000)], 7),
            "quarter": QUARTERS[0],
            "group": "theft",
            "events": pd.array(np.tile(np.arange(7), 3_000), dtype="Int64"),
            "state": "shown",
        }
    )

    public = protect_quarters(of, frozenset(), key=KEY)["events"]

    seen = of.loc[public == 3, "events"].astype(int).value_counts(normalize=True).sort_index()
    assert seen.index.tolist() == [1, 2, 3, 4, 5]
    assert seen.tolist() == pytest.approx(np.array([1, 2, 3, 2, 1]) / 9, abs=0.02)
