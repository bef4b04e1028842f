import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from labtools.errors import PrivacyError, TableError
from labtools.privacy.suppression import suppress

MARGINS = (["row"], ["column"], [])


def table(counts) -> pd.DataFrame:
    rows, columns = np.indices(np.shape(counts)).reshape(2, -1)
    events = pd.array(np.ravel(counts), dtype="Int64")
    return pd.DataFrame({"row": rows, "column": columns, "events": events})


def hidden(found, kind):
    rows = found.items[found.items["hidden"] == kind]
    return set(rows[["row", "column"]].itertuples(index=False, name=None))


def test_a_table_without_small_counts_is_published_whole():
    found = suppress(table([[0, 5], [60, 0]]), MARGINS)

    assert set(found.items["hidden"]) == {"published"}
    assert found.items["events"].tolist() == [0, 5, 60, 0, 5, 60, 60, 5, 65]
    assert (found.hidden_cells, found.hidden_events, found.cost) == (0.0, 0.0, 0.0)


def test_a_table_of_zeros_is_published_whole():
    found = suppress(table(np.zeros((2, 3), int)), MARGINS)

    assert set(found.items["hidden"]) == {"published"}
    assert found.hidden_events == 0.0


def test_a_small_count_is_hidden_with_as_few_events_more_as_it_takes():
    found = suppress(
        table([[1, 6, 9], [5, 8, 14], [7, 11, 20]]), MARGINS, hide_totals=False, method="optimal"
    )

    assert hidden(found, "primary") == {(0, 0)}
    assert hidden(found, "complementary") == {(0, 1), (1, 0), (1, 1)}
    assert found.cost == 6 + 5 + 8
    assert found.hidden_cells == pytest.approx(4 / 9)
    assert found.hidden_events == pytest.approx(20 / 81)


def test_small_totals_are_hidden_too():
    found = suppress(table([[1, 2, 0], [30, 40, 50]]), MARGINS)

    of_row = found.items[(found.items["row"] == 0) & found.items["column"].isna()]
    assert of_row["hidden"].tolist() == ["primary"]
    assert of_row["events"].isna().all()


def test_a_hidden_zero_is_never_the_only_protection():
    # In its row a small count has a zero beside it alone, which cannot make up for a rise.
    found = suppress(table([[2, 0, 0], [30, 0, 50], [20, 40, 50]]), MARGINS)

    frame = found.attack.frame()[found.attack.confidential]
    assert (frame["high"] - frame["low"] >= 2).all()
    assert (found.attack.exact, found.attack.narrow) == (0, 0)


def test_without_a_way_to_protect_a_count_nothing_is_returned():
    with pytest.raises(PrivacyError, match="publish a coarser table"):
        suppress(table([[2, 0], [0, 30]]), (["row"], ["column"]), hide_totals=False)


@pytest.mark.parametrize("method", ["greedy", "optimal"])
def test_one_lone_count_without_margins_needs_nothing_more(method):
    found = suppress(table([[2, 40]]), (), method=method)

    assert hidden(found, "primary") == {(0, 0)}
    assert found.cost == 0


def test_a_count_that_is_not_known_is_refused_with_its_place():
    with pytest.raises(TableError, match=r"not known \(1; the first is row=0, column=1"):
        suppress(table([[3, pd.NA]]), MARGINS)


def test_true_counts_of_hidden_cells_are_nowhere_in_the_result():
    found = suppress(table([[3, 17, 4], [19, 23, 29], [31, 2, 37]]), MARGINS)

    of_hidden = found.items[found.items["hidden"] != "published"]
    assert of_hidden["events"].isna().all()
    assert "events" not in found.attack.cells


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 14), min_size=12, max_size=12))
def test_no_table_with_hidden_small_totals_gives_a_small_count_away(counts):
    found = suppress(table(np.reshape(counts, (3, 4))), MARGINS)

    attacked = found.attack.frame()[found.attack.confidential]
    assert (attacked["values"] >= 3).all()
    small = (np.array(counts) > 0) & (np.array(counts) < 5)
    assert found.items["events"].iloc[:12][small].isna().all()


def test_a_year_of_quarters_by_group_is_protected_and_the_share_hidden_is_told():
    # Sizes of colonias as in the municipality: few of them have most events.
    rng = np.random.default_rng(5)
    sizes = rng.gamma(0.8, 1.0, 40) * 12.0
    keys = pd.MultiIndex.from_product(
        [[f"c{i}" for i in range(40)], range(4), range(2)],
        names=["colonia", "group", "quarter"],
    ).to_frame(index=False)
    counts = keys.assign(events=pd.array(rng.poisson(np.repeat(sizes, 8)), dtype="Int64"))

    found = suppress(counts, (["colonia", "quarter"], ["group", "quarter"], ["quarter"]))

    assert (found.attack.exact, found.attack.narrow) == (0, 0)
    assert 0.2 < found.hidden_cells < 0.7
    assert found.hidden_events < 0.35


def _protects(counts, hidden):
    """Tell whether each small cell may move as far as it must, by linear programs of its own."""
    rows, columns = counts.shape
    sums = np.vstack(
        [np.kron(np.eye(rows), np.ones(columns)), np.kron(np.ones(rows), np.eye(columns))]
    )
    values = counts.ravel().astype(float)
    limits = [(-v, None) if h else (0, 0) for v, h in zip(values, hidden, strict=True)]
    for cell in np.flatnonzero((values >= 1) & (values < 5)):
        for sign in (1, -1):
            move = np.zeros(len(values))
            move[cell] = -sign
            best = optimize.linprog(move, A_eq=sums, b_eq=np.zeros(len(sums)), bounds=limits)
            if best.status == 0 and -best.fun < min(values[cell], 3) - 1e-7:
                return False
    return True


@pytest.mark.parametrize(
    "counts",
    [
        [[1, 6, 9], [5, 8, 14], [7, 11, 20]],
        [[3, 4, 30], [9, 12, 6], [40, 7, 5]],
        [[2, 5, 8], [6, 1, 9], [30, 7, 5]],
    ],
)
def test_no_set_of_fewer_events_would_protect_the_small_counts(counts):
    counts = np.array(counts)
    values = counts.ravel()
    small = (values >= 1) & (values < 5)
    sets = [
        small | np.array(more)
        for more in itertools.product([False, True], repeat=9)
        if not (small & np.array(more)).any()
    ]
    by_cost = sorted(sets, key=lambda hidden: values[hidden & ~small].sum())

    best, quick = (
        suppress(table(counts), MARGINS, hide_totals=False, method=method)
        for method in ("optimal", "greedy")
    )

    cheapest = next(h for h in by_cost if _protects(counts, h))
    assert best.cost == values[cheapest & ~small].sum()
    assert quick.cost >= best.cost
    for found in (best, quick):
        assert _protects(counts, found.items["events"][:9].isna().to_numpy())


def test_of_counts_that_are_not_known_all_are_counted_and_the_first_is_named():
    with pytest.raises(TableError, match=r"not known \(2; the first is row=0, column=1"):
        suppress(table([[3, pd.NA, 4], [pd.NA, 7, 8]]), MARGINS)


@pytest.mark.parametrize("method", ["greedy", "optimal"])
def test_a_count_that_nothing_can_protect_is_told_by_either_method(method):
    with pytest.raises(PrivacyError, match="so that a count of 2 is protected"):
        suppress(table([[2, 0], [0, 30]]), (["row"], ["column"]), hide_totals=False, method=method)
