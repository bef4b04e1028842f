"""A calendar year rounded on its own beside its rounded quarters: near, unbiased and safe."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.privacy.attacker import attack
from labtools.privacy.claims import exact_range, rounded_range, sums_within
from labtools.privacy.release import protect_quarters
from labtools.privacy.years import protect_years, years_table
from labtools.tables import vocabulary as words

KEY = b"k" * 32
QUARTERS = pd.date_range("2025-01-01", periods=4, freq="QS")
CELLS = list(itertools.product(QUARTERS, words.GROUPS))

few = settings(max_examples=20, deadline=None)
counts_of_a_year = st.lists(
    st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 5, 7]), min_size=16, max_size=16
)


def quarters_of(*colonias):
    rows = [
        (f"c{number}", quarter, group, events)
        for number, counts in enumerate(colonias)
        for (quarter, group), events in zip(CELLS, counts, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["colonia_id", "quarter", "group", "events"])
    return table.astype({"events": "Int64"}).assign(state="shown")


def released(quarters, *, key=KEY, withheld=frozenset()):
    protected = protect_quarters(quarters, withheld, key=key)
    return protected, protect_years(quarters, protected, withheld, key=key)


def test_a_whole_year_of_all_groups_has_a_figure_and_half_a_year_has_none():
    whole = quarters_of([1] * 16)
    half = whole[whole["quarter"] < QUARTERS[2]].assign(colonia_id="half")

    years = years_table(pd.concat([whole, half], ignore_index=True))

    assert years["colonia_id"].tolist() == ["c0"]
    assert years["events"].tolist() == [16]


def test_a_city_without_counts_has_no_years():
    _, years = released(quarters_of([0] * 16).iloc[:0])

    assert years.empty


@pytest.mark.parametrize(
    "counts", [[1], [2], [1, 1], [4], [5], [3, 1], [2, 2], [1] * 5, [8, 2, 1], [7, 7]]
)
def test_over_many_keys_the_mean_of_a_year_is_its_true_count(counts):
    # The standard error of a mean over 3,000 draws of variance 2 at most is 0.026.
    quarters = quarters_of(*[[*counts, *[0] * (16 - len(counts))]] * 3_000)

    _, years = released(quarters)

    assert years["events"].astype(float).mean() == pytest.approx(sum(counts), abs=0.1)


@few
@given(counts_of_a_year, st.binary(min_size=32, max_size=32))
def test_a_year_is_a_multiple_of_three_whose_range_holds_the_truth(counts, key):
    _, years = released(quarters_of(counts), key=key)

    row = years.iloc[0]
    assert row["events"] % 3 == 0
    assert row["events_low"] <= sum(counts) <= row["events_high"]
    assert abs(row["events"] - sum(counts)) <= 2


@few
@given(counts_of_a_year, st.binary(min_size=32, max_size=32))
def test_a_year_leaves_every_quarter_three_values_or_more(counts, key):
    protected, years = released(quarters_of(counts), key=key)

    cells = protected.assign(cell=range(16))
    each = cells[["cell"]].join(rounded_range(cells["events"]))
    year = years[["colonia_id"]].join(rounded_range(years["events"]))
    found = attack(
        cells,
        [
            sums_within(cells, each, ["cell"], name="quarters"),
            sums_within(cells, year, ["colonia_id"], name="year"),
        ],
        every=True,
    )

    assert (found.exact, found.narrow) == (0, 0)


def test_a_year_rounded_without_looking_at_its_quarters_would_tell_some_of_them():
    # One quarter of one event shown as three, beside a year of none.
    protected = (
        quarters_of([1, *[0] * 15]).assign(events=[3, *[0] * 15]).astype({"events": "Int64"})
    )
    cells = protected.assign(cell=range(16))
    each = cells[["cell"]].join(rounded_range(cells["events"]))
    nothing = pd.DataFrame({"colonia_id": ["c0"], "low": [0.0], "high": [2.0]})
    said = [
        sums_within(cells, each, ["cell"], name="quarters"),
        sums_within(cells, nothing, ["colonia_id"], name="year"),
    ]

    assert attack(cells, said, every=True).narrow > 0


@few
@given(counts_of_a_year, st.integers(0, 15))
def test_one_incident_more_changes_its_own_year_alone(counts, cell):
    others = [[2] * 16, [0] * 16, list(range(16))]
    more = [n + (at == cell) for at, n in enumerate(counts)]

    _, before = released(quarters_of(counts, *others))
    _, after = released(quarters_of(more, *others))

    pd.testing.assert_frame_equal(before.iloc[1:], after.iloc[1:])


def test_a_year_is_published_alike_in_every_edition():
    rng = np.random.default_rng(3)
    quarters = quarters_of(*rng.poisson(1.0, (50, 16)))
    # A later edition has another year more, and its rows in another order.
    later = pd.concat(
        [quarters.assign(quarter=quarters["quarter"] + pd.DateOffset(years=1)), quarters]
    ).reset_index(drop=True)

    _, first = released(quarters)
    _, second = released(later)

    same = second[second["year"] == "2025-01-01"].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, same)


def test_a_withheld_colonia_has_no_year_and_one_not_known_is_missing():
    quarters = quarters_of([1] * 16, [1] * 16, [1] * 16)
    unknown = (quarters["colonia_id"] == "c1") & (quarters["group"] == "theft")
    quarters = quarters.assign(events=quarters["events"].mask(unknown))

    _, years = released(quarters, withheld=frozenset({"c2"}))

    assert years["state"].tolist() == ["shown", "missing", "suppressed"]
    assert years.loc[1:, ["events", "events_low", "events_high"]].isna().all(axis=None)


def test_what_is_found_near_one_table_is_what_the_solver_finds_one_by_one():
    # Seventy colonias by sixteen cells with their years, and the municipality by cell.
    rng = np.random.default_rng(5)
    quarters = quarters_of(*rng.poisson(0.8, (70, 16)))
    protected, years = released(quarters)
    cells = protected.assign(cell=np.arange(len(protected)))
    whole = quarters.groupby(["quarter", "group"], as_index=False)["events"].sum()
    sums = exact_range(whole["events"])
    around = whole[["quarter", "group"]].join(
        sums.assign(low=sums["low"] - 6, high=sums["high"] + 6)
    )
    said = [
        sums_within(
            cells, cells[["cell"]].join(rounded_range(cells["events"])), ["cell"], name="q"
        ),
        sums_within(
            cells,
            years[["colonia_id"]].join(rounded_range(years["events"])),
            ["colonia_id"],
            name="y",
        ),
        sums_within(cells, around, ["quarter", "group"], name="m"),
    ]
    some = pd.Series(cells["colonia_id"].isin(["c0", "c1", "c2", "c3"]))

    quick = attack(cells, said)
    slow = attack(cells, said, confidential=some, every=True)

    assert (quick.exact, quick.narrow) == (0, 0)
    assert (slow.low[some] <= quick.low[some]).all()
    assert (quick.high[some] <= slow.high[some]).all()
