"""What one incident more or less may change in what is published: its own path, nothing else."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.privacy.release import protect_months, protect_quarters
from labtools.privacy.rounding import round_counts, true_range
from labtools.tables import vocabulary as words
from tests.privacy.test_editions import COUNTS, ENDS, edition

COLONIAS = ("a", "b", "withheld")
QUARTERS = tuple(pd.date_range("2025-01-01", periods=2, freq="QS"))
counts = st.lists(st.integers(0, 40), min_size=24, max_size=24)
keys = st.binary(min_size=32, max_size=32)


def quarters(values) -> pd.DataFrame:
    full = pd.MultiIndex.from_product(
        [COLONIAS, QUARTERS, words.GROUPS], names=["colonia_id", "quarter", "group"]
    ).to_frame(index=False)
    return full.assign(events=pd.array(values, dtype="Int64"), state="shown")


def published(values, key):
    return protect_quarters(quarters(values), frozenset({"withheld"}), key=key)["events"]


@given(counts, keys, st.integers(0, 23))
def test_one_incident_more_changes_its_own_cell_alone(values, key, cell):
    more = [n + (i == cell) for i, n in enumerate(values)]

    before, after = published(values, key), published(more, key)

    others = before.index != cell
    assert before[others].equals(after[others])


@given(counts, keys)
def test_what_is_published_twice_is_published_alike(values, key):
    assert published(values, key).equals(published(values, key))


@given(counts, keys)
def test_the_published_range_holds_the_true_count(values, key):
    low, high = true_range(published(values, key))

    shown = low.notna()
    true = quarters(values)["events"]
    assert (low[shown] <= true[shown]).all()
    assert (true[shown] <= high[shown]).all()
    assert (~shown).sum() == 8


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 5_000), st.text(min_size=1, max_size=8), st.integers(0, 2**32))
def test_rounding_is_unbiased_whatever_the_count_and_the_cell(n, name, first):
    cell = pd.DataFrame({"colonia_id": [name], "group": ["theft"]})
    drawn = [
        round_counts(
            pd.Series([n], dtype="Int64"),
            cell,
            key=hashlib.sha256(f"{first + i}".encode()).digest(),
            table="t",
        )[0]
        for i in range(400)
    ]

    # The variance is 2 at most: five standard errors of 400 draws.
    assert abs(np.mean(drawn) - n) <= 5 * np.sqrt(2 / 400)


def changed(one, other) -> pd.DataFrame:
    """Return the rows that are not alike; missing is alike to missing."""
    return one[(one.map(str) != other.map(str)).any(axis=1)]


@pytest.mark.parametrize("row", [0, 501, 1_140])
def test_one_incident_more_changes_in_an_edition_its_colonia_its_group_and_its_municipality(row):
    more = COUNTS.assign(events=COUNTS["events"] + (COUNTS.index == row))
    colonia, month, group = COUNTS.loc[row, ["colonia_id", "month", "group"]]
    quarter = month.to_period("Q").start_time
    allowed = {
        "series": {"colonia_id": colonia, "quarter": quarter},
        "crime": {"colonia_id": colonia},
        "change": {"colonia_id": colonia},
        "municipality_series": {"month": month},
        "municipality_crime": {},
    }

    one, other = (edition(table, ENDS[-1]).tables for table in (COUNTS, more))

    for name, path in allowed.items():
        rows = changed(one[name], other[name])
        assert all((rows[key] == value).all() for key, value in path.items())
        assert set(rows["group"]) <= {group, words.TOTAL}


@given(counts.map(lambda values: values[:4]), keys)
def test_months_of_the_municipality_are_rounded_one_by_one(values, key):
    months = pd.DataFrame({"month": QUARTERS[0], "group": words.GROUPS, "events": values})
    months = months.astype({"events": "Int64"})
    more = months.assign(events=months["events"] + [1, 0, 0, 0])

    before, after = (protect_months(table, key=key)["events"] for table in (months, more))

    assert before[1:].equals(after[1:])
