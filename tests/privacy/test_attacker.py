"""Planted leaks, one for each way of putting releases together: each must be found."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from labtools.errors import AnalysisError
from labtools.privacy.attacker import attack
from labtools.privacy.claims import (
    Claims,
    differences_within,
    exact_range,
    hidden_range,
    links,
    rate_range,
    ratios_within,
    rounded_range,
    sums_within,
)
from labtools.privacy.rounding import round_counts

KEY = b"k" * 32


def table(counts, rows="colonia", columns="month") -> pd.DataFrame:
    """Return a small table of true counts, one row for each cell."""
    shape = np.array(counts)
    places = np.indices(shape.shape).reshape(2, -1)
    return pd.DataFrame({rows: places[0], columns: places[1], "true": shape.ravel()})


def told(cells, by, ranges=exact_range, figures=None, name="release"):
    """Return the claims of the sums by `by`, as `ranges` of their true (or given) figures."""
    sums = (
        cells.groupby(by, as_index=False)["true"].sum()
        if by
        else cells[["true"]].sum().to_frame().T
    )
    sums = sums.reset_index(drop=True)
    figures = sums["true"] if figures is None else figures(sums)
    return sums_within(cells, sums.join(ranges(figures)), by, name=name)


def hiding(cells, hidden, **options):
    """Return the claims of a table with some of its cells hidden."""
    figures = cells["true"].astype("Int64").mask(hidden)
    keys = [c for c in cells if c != "true"]
    return sums_within(cells, cells.join(hidden_range(figures, **options)), keys, name="table")


def interval(found, **cell):
    frame = found.frame()
    row = frame[np.logical_and.reduce([frame[k] == v for k, v in cell.items()])].iloc[0]
    return row["low"], row["high"]


def test_a_lone_hidden_count_is_found_by_subtracting_from_its_margin():
    cells = table([[2, 20], [30, 40]])
    hidden = cells["true"] == 2

    found = attack(cells, [hiding(cells, hidden), told(cells, ["colonia"])])

    assert interval(found, colonia=0, month=0) == (2, 2)
    assert found.exact == 4
    assert attack(cells, [hiding(cells, hidden)], confidential=hidden).exact == 0


def test_what_only_several_margins_together_tell_is_found():
    # Three counts hidden, none alone in its row and column: the margins tell the first.
    cells = table([[3, 10, 10], [10, 10, 4], [10, 2, 20]])
    hidden = cells[["colonia", "month"]].apply(tuple, axis=1).isin([(0, 0), (0, 1), (1, 1), (2, 1)])
    releases = [hiding(cells, hidden), told(cells, ["colonia"]), told(cells, ["month"])]

    found = attack(cells, releases, confidential=hidden)

    assert interval(found, colonia=0, month=0) == (3, 3)
    assert found.exact == 4


def test_a_token_that_tells_the_size_of_a_hidden_count_narrows_the_others():
    cells = table([[1, 2, 20]])
    hidden = cells["true"] < 5
    margin = told(cells, ["colonia"])

    silent = attack(cells, [hiding(cells, hidden), margin], confidential=hidden, every=True)
    telling = attack(cells, [hiding(cells, hidden, below=5), margin], confidential=hidden)

    assert interval(silent, colonia=0, month=0) == (0, 3)
    assert silent.exact == silent.narrow == 0
    assert interval(telling, colonia=0, month=0) == (1, 2)
    assert telling.narrow == 2


def test_two_year_to_date_tables_tell_the_month_between_them():
    cells = table([[4, 3, 6, 2]])

    def until(month):
        so_far = cells.assign(months=np.where(cells["month"] < month, "so far", None))
        return told(so_far, ["colonia", "months"], name="year to date")

    found = attack(cells, [until(3), until(4)])

    assert interval(found, colonia=0, month=3) == (2, 2)
    assert found.exact == 1


def test_two_sets_of_colonias_for_one_period_tell_the_colonia_between_them():
    cells = table([[50], [60], [2]], rows="colonia")
    of_two = cells.assign(set=np.where(cells["colonia"] < 2, "two", None))

    found = attack(cells, [told(of_two, ["set", "month"]), told(cells, ["month"])])

    assert interval(found, colonia=2, month=0) == (2, 2)


def test_a_rate_with_decimals_and_a_known_population_tells_the_count():
    cells = pd.DataFrame({"colonia": ["a", "b"], "true": [2, 9]})
    people = pd.Series([1_240.0, 3_100.0])
    rates = (cells["true"] / people * 1_000).round(1)

    one_decimal = cells[["colonia"]].join(rate_range(rates, people, per=1_000, decimals=1))
    found = attack(cells, [sums_within(cells, one_decimal, ["colonia"], name="rates")])

    assert found.exact == 2


def test_a_rate_of_a_large_place_tells_no_count():
    cells = pd.DataFrame({"colonia": ["a"], "true": [700]})
    rates = rate_range(pd.Series([7.0]), pd.Series([100_000.0]), per=1_000, decimals=1)

    found = attack(
        cells,
        [sums_within(cells, cells[["colonia"]].join(rates), ["colonia"], name="rates")],
        every=True,
    )

    assert interval(found, colonia="a") == (695, 705)


def test_a_year_and_three_of_its_quarters_tell_the_fourth():
    cells = table([[10, 20, 30, 3]], columns="quarter")
    cells = cells.assign(year=2025)
    hidden = cells["quarter"] == 3
    figures = cells["true"].astype("Int64").mask(hidden)
    quarters = sums_within(
        cells, cells.join(exact_range(figures)), ["colonia", "quarter"], name="quarters"
    )

    found = attack(cells, [quarters, told(cells, ["colonia", "year"])], confidential=hidden)

    assert found.exact == 1


def test_a_borough_less_its_other_colonias_tells_the_last():
    cells = pd.DataFrame({"colonia": ["a", "b", "c"], "borough": "x", "true": [12, 30, 1]})
    hidden = cells["colonia"] == "c"
    figures = cells["true"].astype("Int64").mask(hidden)
    colonias = sums_within(cells, cells.join(exact_range(figures)), ["colonia"], name="colonias")

    found = attack(cells, [colonias, told(cells, ["borough"])], confidential=hidden)

    assert found.exact == 1


def test_a_published_difference_and_one_year_tell_the_other_year():
    cells = pd.DataFrame({"colonia": "a", "year": [2024, 2025], "true": [2, 14]})
    hidden = cells["year"] == 2024
    now = sums_within(
        cells,
        cells.join(exact_range(cells["true"].astype("Int64").mask(hidden))),
        ["colonia", "year"],
        name="years",
    )
    keys = {"colonia_now": "a", "year_now": 2025, "colonia_before": "a", "year_before": 2024}
    change = pd.DataFrame([{**keys, "low": 12, "high": 12}])

    found = attack(cells, [now, differences_within(cells, change, ["colonia", "year"], name="d")])

    assert found.exact == 2


def test_a_published_ratio_with_decimals_tells_small_counts():
    # 7 / 3 = 2.33; of counts rounded to base 3 the figures alone leave five values each.
    cells = pd.DataFrame({"colonia": "a", "year": [2024, 2025], "true": [3, 7]})
    years = sums_within(
        cells, cells.join(rounded_range(pd.Series([3, 6]))), ["colonia", "year"], name="years"
    )
    keys = {"colonia_now": "a", "year_now": 2025, "colonia_before": "a", "year_before": 2024}
    ratio = pd.DataFrame([{**keys, "low": 2.325, "high": 2.335}])

    alone = attack(cells, [years], every=True)
    found = attack(cells, [years, ratios_within(cells, ratio, ["colonia", "year"], name="r")])

    assert interval(alone, colonia="a", year=2025) == (4, 8)
    assert found.exact == 2


def test_fresh_noise_in_each_edition_is_averaged_away_and_keyed_noise_is_not():
    cells = pd.DataFrame({"colonia": [f"c{i}" for i in range(60)]})
    cells["true"] = np.random.default_rng(3).poisson(2.0, 60)
    counts = cells["true"].astype("Int64")

    def editions(keys):
        published = [round_counts(counts, cells[["colonia"]], key=k, table="t") for k in keys]
        return [
            sums_within(cells, cells.join(rounded_range(p)), ["colonia"], name="edition")
            for p in published
        ]

    fresh = attack(cells, editions([bytes([i]) * 32 for i in range(12)]))
    keyed = attack(cells, editions([KEY] * 12))

    moved = cells["true"] % 3 != 0
    assert fresh.exact + fresh.narrow >= moved.sum() * 0.9
    assert keyed.exact == keyed.narrow == 0


def test_quarters_by_colonia_and_months_of_the_municipality_are_attacked_together():
    quarters = pd.DataFrame({"colonia": ["a", "b"], "quarter": 1, "true": [2, 40]})
    months = pd.DataFrame({"month": [1, 2, 3], "quarter": 1, "true": [10, 20, 12]})
    cells = pd.concat([quarters, months], ignore_index=True)
    hidden = cells["colonia"] == "a"
    by_colonia = cells.loc[[1], ["colonia"]].assign(low=40, high=40)
    by_month = months[["month"]].join(exact_range(months["true"]))

    found = attack(
        cells,
        [
            sums_within(cells, by_colonia, ["colonia"], name="quarters"),
            sums_within(cells, by_month, ["month"], name="months"),
            links(cells, cells["colonia"].notna(), ["quarter"], name="same events"),
        ],
        confidential=hidden,
    )

    assert interval(found, colonia="a") == (2, 2)


def test_releases_that_contradict_each_other_are_refused_with_the_first_cell():
    cells = pd.DataFrame({"colonia": ["a", "b"]})
    first = sums_within(cells, cells.assign(low=3, high=3), ["colonia"], name="first")
    later = sums_within(cells, cells.assign(low=[3, 5], high=[3, 5]), ["colonia"], name="later")

    with pytest.raises(AnalysisError, match=r"\(1 cells; the first is colonia=b\)"):
        attack(cells, [first, later])


def test_a_contradiction_that_only_several_sums_together_show_is_refused():
    cells = table([[1, 1], [1, 1]])
    odd = [told(cells, ["colonia"]), told(cells, ["month"], figures=lambda s: s["true"] + 1)]

    with pytest.raises(AnalysisError, match="No counts agree with everything published"):
        attack(cells, odd)


def test_a_release_about_a_colonia_without_cells_is_refused():
    cells = pd.DataFrame({"colonia": ["a"]})
    release = pd.DataFrame({"colonia": ["a", "z"], "low": 0, "high": 3})

    with pytest.raises(AnalysisError, match=r"\(1; the first is colonia=z\)"):
        sums_within(cells, release, ["colonia"], name="crime")


def test_where_nothing_was_published_nothing_is_known():
    found = attack(pd.DataFrame({"colonia": ["a"]}), [])

    assert interval(found, colonia="a") == (0, np.inf)
    assert attack(pd.DataFrame({"colonia": []}), []).exact == 0


def every_table(cells, releases):
    """Return the least and greatest count of each cell, of all tables that agree: one by one."""
    top = 5
    agreeing = [
        counts
        for counts in itertools.product(range(top), repeat=len(cells))
        if all(
            ((r.weights @ counts >= r.low) & (r.weights @ counts <= r.high)).all() for r in releases
        )
    ]
    return np.min(agreeing, axis=0), np.max(agreeing, axis=0)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, 2), min_size=6, max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
    st.integers(0, 2**20),
)
def test_the_attack_finds_what_trying_every_table_finds(counts, hidden, seed):
    cells = table(np.reshape(counts, (2, 3)))
    key = seed.to_bytes(32)
    releases = [
        hiding(cells, np.array(hidden), below=5),
        told(cells, ["month"]),
        told(
            cells,
            ["colonia"],
            rounded_range,
            figures=lambda s: round_counts(
                s["true"].astype("Int64"), s[["colonia"]], key=key, table="t"
            ),
        ),
    ]
    if any(h and c == 0 for h, c in zip(hidden, counts, strict=True)):
        releases[0] = hiding(cells, np.array(hidden))  # the token would be false of a zero

    least, greatest = every_table(cells, releases)
    found = attack(cells, releases, every=True)
    fast = attack(cells, releases)

    assert found.low.tolist() == least.tolist()
    assert found.high.tolist() == greatest.tolist()
    assert (fast.exact, fast.narrow) == (found.exact, found.narrow)
    assert ((fast.low >= found.low) & (fast.high <= found.high)).all()


def test_a_range_that_was_not_solved_is_of_values_that_agree_and_no_wider():
    # The first and the third are alike but for 3, and so from 3 to 5: no claim alone tells it.
    cells = pd.DataFrame({"cell": [0, 1, 2]})
    weights = sparse.csr_array(np.array([[1.0, 1, 0], [0, 1, 1], [1, 0, 1]]))
    said = Claims(weights, np.array([8.0, 8, 5]), np.array([8.0, 8, 11]))

    found, every = attack(cells, [said]), attack(cells, [said], every=True)

    assert (every.low.tolist(), every.high.tolist()) == ([3, 3, 3], [5, 5, 5])
    assert every.solved.all()
    assert (found.low >= 3).all()
    assert (found.high <= 5).all()
    assert (found.high - found.low == 2).all()
    assert (found.exact, found.narrow) == (0, 0)
    assert (found.around.low.tolist(), found.around.high.tolist()) == ([0, 0, 0], [8, 8, 8])
    # Figures that leave four values each do not make the answer wider than what agrees.
    box = Claims(sparse.csr_array(np.eye(3)), np.array([2.0, 3, 2]), np.array([5.0, 6, 5]))
    near = attack(cells, [said, box])
    assert (near.low.tolist(), near.high.tolist()) == ([3, 3, 3], [5, 5, 5])


def test_a_count_that_single_claims_leave_two_values_and_all_together_one_is_known_exactly():
    # Both are alike, and one at most together: none.  A claim at a time allows one of either.
    cells = pd.DataFrame({"cell": [0, 1]})
    weights = sparse.csr_array(np.array([[1.0, -1], [1, 1]]))

    found = attack(cells, [Claims(weights, np.array([0.0, 0]), np.array([0.0, 1]))])

    assert (found.exact, found.narrow) == (2, 0)
    assert (found.low.tolist(), found.high.tolist()) == ([0, 0], [0, 0])


def test_values_left_are_counted_and_the_narrowest_told_first():
    cells = pd.DataFrame({"cell": [0, 1, 2, 3]})
    weights = sparse.csr_array(np.eye(4))
    said = Claims(weights, np.array([4.0, 1, 2, 0]), np.array([6.0, 1, 3, 9]))

    found = attack(cells, [said], confidential=pd.Series([True, True, True, False]))

    frame = found.frame()
    assert frame["values"].to_list() == [3, 1, 2, 10]
    assert (found.exact, found.narrow) == (1, 1)
    assert found.leaks()["cell"].to_list() == [1, 2]
    assert (found.low.tolist(), found.high.tolist()) == ([4, 1, 2, 0], [6, 1, 3, 9])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(-1, 1), min_size=4, max_size=4), min_size=2, max_size=5),
    st.lists(st.integers(0, 4), min_size=4, max_size=4),
    st.lists(st.integers(0, 3), min_size=5, max_size=5),
)
def test_of_any_sums_and_differences_the_attack_finds_what_trying_every_table_finds(
    weights, true, slack
):
    middle = np.array(weights) @ true
    off = np.array(slack)[: len(weights)]
    box = Claims(sparse.csr_array(np.eye(4)), np.zeros(4), np.full(4, 5.0))
    said = Claims(sparse.csr_array(np.array(weights, float)), middle - off, middle + off * 1.0)
    cells = pd.DataFrame({"cell": range(4)})
    tables = np.array(list(itertools.product(range(6), repeat=4)))
    sums = tables @ np.array(weights).T
    agreeing = tables[((sums >= said.low) & (sums <= said.high)).all(axis=1)]

    every, fast = attack(cells, [box, said], every=True), attack(cells, [box, said])

    low, high = agreeing.min(axis=0), agreeing.max(axis=0)
    assert (every.low.tolist(), every.high.tolist()) == (low.tolist(), high.tolist())
    assert (fast.exact, fast.narrow) == (every.exact, every.narrow)
    assert ((fast.low >= low) & (fast.high <= high)).all()


def test_of_several_cells_that_nothing_agrees_with_the_first_is_named():
    cells = pd.DataFrame({"colonia": ["a", "b", "c"], "year": [1, 2, 3]})
    by = ["colonia", "year"]
    first = sums_within(cells, cells.assign(low=3, high=3), by, name="first")
    later = sums_within(cells, cells.assign(low=[3, 5, 6], high=[3, 5, 6]), by, name="later")

    with pytest.raises(AnalysisError, match=r"\(2 cells; the first is colonia=b, year=2\)"):
        attack(cells, [first, later])


def test_of_several_rows_without_cells_the_first_is_named_and_what_release_it_was():
    cells = pd.DataFrame({"colonia": ["a"]})
    release = pd.DataFrame({"colonia": ["a", "z", "y"], "low": 0, "high": 3})

    with pytest.raises(AnalysisError, match=r"The release crime .* \(2; the first is colonia=z\)"):
        sums_within(cells, release, ["colonia"], name="crime")
