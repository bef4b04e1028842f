import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from labtools.privacy.rounding import (
    BASE,
    range_of_sum,
    reach_of_sum,
    round_counts,
    true_range,
    variance_of_rounding,
)
from labtools.tables import vocabulary as words


def key(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def cells(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "colonia_id": [f"c{i}" for i in range(n)],
            "quarter": pd.Timestamp("2025-01-01"),
            "group": "theft",
        }
    )


def counts(values) -> pd.Series:
    return pd.Series(pd.array(values, dtype="Int64"))


def rounded(values, number=0, table="quarters", of=None) -> pd.Series:
    return round_counts(
        counts(values), cells(len(values)) if of is None else of, key=key(number), table=table
    )


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=40), st.integers(0, 5))
def test_a_rounded_count_is_the_next_multiple_of_three_below_or_above(values, number):
    published = rounded(values, number)

    assert (published % BASE == 0).all()
    assert ((published - counts(values)).abs() < BASE).all()


@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_over_many_keys_the_mean_is_the_true_count_and_the_odds_are_those_promised(n):
    cell = cells(1)
    drawn = np.array([rounded([n], number, of=cell)[0] for number in range(3_000)], float)

    # The standard error of the mean is at most 0.026.
    assert drawn.mean() == pytest.approx(n, abs=0.1)
    ups = int((drawn > n).sum())
    assert stats.binomtest(ups, 3_000, n % BASE / BASE).pvalue > 1e-4 or n % BASE == 0


def test_over_many_cells_of_one_key_the_total_is_kept_on_average():
    values = np.random.default_rng(1).poisson(2.0, 30_000)

    published = rounded(values)

    # Variance per cell at most 2: the standard error of the sum is 245.
    assert abs(int(published.sum()) - int(values.sum())) < 4 * 245


@pytest.mark.parametrize("n", [0, 3, 300])
def test_a_multiple_of_three_is_published_as_it_is(n):
    assert [rounded([n], number)[0] for number in range(50)] == [n] * 50


def test_the_same_count_of_the_same_cell_is_the_same_in_every_edition():
    values = np.random.default_rng(2).poisson(4.0, 500)

    editions = {tuple(rounded(values)) for _ in range(5)}

    assert len(editions) == 1


def test_the_order_of_the_rows_does_not_matter():
    values = np.random.default_rng(3).poisson(4.0, 200)
    order = np.random.default_rng(4).permutation(200)

    straight = rounded(values)
    shuffled = round_counts(
        counts(values)[order], cells(200).iloc[order], key=key(0), table="quarters"
    )

    pd.testing.assert_series_equal(shuffled.sort_index(), straight)


@pytest.mark.parametrize("what", ["key", "table", "colonia", "quarter", "count"])
def test_another_key_table_cell_or_count_is_another_draw(what):
    values, of = np.full(400, 4), cells(400)
    other = {
        "key": lambda: rounded(values, number=1),
        "table": lambda: rounded(values, table="months"),
        "colonia": lambda: rounded(values, of=of.assign(colonia_id="x" + of["colonia_id"])),
        "quarter": lambda: rounded(values, of=of.assign(quarter=pd.Timestamp("2025-04-01"))),
        "count": lambda: rounded(values + 3) - 3,
    }[what]()

    agree = (rounded(values) == other).mean()

    # Independent draws with odds of one third agree five times in nine.
    assert agree == pytest.approx(5 / 9, abs=0.1)


def test_a_count_that_is_not_known_stays_so():
    published = rounded([1, pd.NA, 5])

    assert published.isna().tolist() == [False, True, False]
    assert str(published.dtype) == "Int64"


def test_the_true_range_holds_every_count_that_could_have_been_published_so():
    low, high = true_range(counts([0, 3, 30, pd.NA]))

    assert low.tolist()[:3] == [0, 1, 28]
    assert high.tolist()[:3] == [2, 5, 32]
    assert low.isna()[3]
    assert high.isna()[3]


def test_the_counts_given_are_left_as_they_were():
    values = counts([1, 2, 4])

    round_counts(values, cells(3), key=key(0), table="quarters")

    assert values.tolist() == [1, 2, 4]


@pytest.mark.parametrize("mean", [0.05, 0.7, 3.0, 40.0])
def test_the_variance_of_rounding_poisson_counts_is_the_sum_over_all_counts(mean):
    counts = np.arange(200)
    remainder = counts % BASE

    told = variance_of_rounding(np.array([mean]))[0]

    chance = stats.poisson.pmf(counts, mean)
    assert told == pytest.approx((chance * remainder * (BASE - remainder)).sum(), rel=1e-9)


@pytest.mark.parametrize(
    ("cells", "base", "reach"), [(1, 3, 2), (2, 3, 4), (16, 3, 10), (100, 3, 23), (100, 1, 0)]
)
def test_a_sum_of_rounded_counts_is_as_far_from_the_true_one_as_its_variance_says(
    cells, base, reach
):
    # Each figure varies by 4/3 at most on average: 1.96 × √(16 × 4/3) is 9.05, up to 10.
    assert reach_of_sum(np.array([cells]), base).tolist() == [reach]


def test_a_total_is_the_sum_of_its_groups_and_its_range_never_falls_below_nothing():
    cells = 4 * len(words.GROUPS)
    reach = float(reach_of_sum(np.array([cells]))[0])

    assert range_of_sum(60.0, words.TOTAL, 4) == (60 - reach, 60 + reach)
    assert range_of_sum(60.0, words.GROUPS[0], 4) == (60.0 - 5, 60.0 + 5)
    assert range_of_sum(3.0, words.GROUPS[0], 4) == (0.0, 8.0)
    assert range_of_sum(3.0, words.TOTAL, 4, base=1) == (3.0, 3.0)


def test_sums_of_sixteen_rounded_counts_lie_within_their_range_95_times_of_100():
    rng = np.random.default_rng(4)
    true = rng.integers(0, 9, (600, 16))
    names = cells(true.size)

    published = round_counts(counts(true.ravel()), names, key=key(7), table="quarters")

    away = published.to_numpy(int).reshape(true.shape).sum(axis=1) - true.sum(axis=1)
    assert (np.abs(away) <= 10).mean() >= 0.95
