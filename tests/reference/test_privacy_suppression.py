"""Hidden cells and their margins: the intervals an exhaustive search and HiGHS found.

Tables, hidden cells and intervals: reference case o1 (exhaustive search of complementary
cells, linear programs with HiGHS); facts, computed apart from this project.
"""

import numpy as np
import pandas as pd
import pytest

from labtools.privacy.attacker import attack
from labtools.privacy.claims import exact_range, hidden_range, sums_within
from labtools.privacy.suppression import suppress

FIRST = [[20, 50, 10, 9], [8, 19, 22, 30], [17, 32, 12, 2], [15, 12, 25, 40]]
SECOND = [[3, 12, 7, 15, 21], [14, 2, 18, 9, 11], [25, 16, 1, 30, 8], [10, 22, 13, 6, 19]]
THIRD = [[1, 6, 9], [5, 8, 14], [7, 11, 20]]
FOURTH = [[12, 4, 31, 8], [9, 15, 3, 22], [28, 17, 26, 41]]

INTERVALS = [
    (FIRST, {(0, 2): (8, 19), (0, 3): (0, 11), (2, 2): (3, 14), (2, 3): (0, 11)}),
    (
        SECOND,
        {
            (0, 0): (0, 17),
            (0, 1): (0, 14),
            (0, 2): (0, 8),
            (1, 0): (0, 17),
            (1, 1): (0, 14),
            (1, 4): (10, 18),
            (2, 2): (0, 8),
            (2, 4): (1, 9),
        },
    ),
    (THIRD, {(0, 0): (0, 6), (0, 1): (1, 7), (1, 0): (0, 6), (1, 1): (7, 13)}),
    (FOURTH, {(0, 1): (1, 19), (0, 2): (16, 34), (1, 1): (0, 18), (1, 2): (0, 18)}),
]


@pytest.mark.parametrize(("counts", "expected"), INTERVALS)
def test_the_attacker_finds_the_intervals_of_the_reference(counts, expected):
    rows, columns = np.indices(np.shape(counts)).reshape(2, -1)
    cells = pd.DataFrame({"row": rows, "column": columns, "true": np.ravel(counts)})
    hidden = pd.Series([place in expected for place in zip(rows, columns, strict=True)])
    margins = [
        sums_within(cells, sums.join(exact_range(sums["true"])), [side], name=side)
        for side in ("row", "column")
        for sums in [cells.groupby(side, as_index=False)["true"].sum()]
    ]
    inside = cells.join(hidden_range(cells["true"].astype("Int64").mask(hidden)))

    found = attack(
        cells,
        [sums_within(cells, inside, ["row", "column"], name="inside"), *margins],
        confidential=hidden,
        every=True,
    )

    seen = found.frame()[hidden].set_index(["row", "column"])[["low", "high"]]
    assert {k: tuple(v) for k, v in seen.T.to_dict("list").items()} == expected
    assert found.exact == found.narrow == 0


@pytest.mark.parametrize(
    ("counts", "least"), [(FIRST, 31), (SECOND, 52), (THIRD, 19), (FOURTH, 46)]
)
def test_the_cost_of_protection_is_the_least_and_the_greedy_one_is_near(counts, least):
    rows, columns = np.indices(np.shape(counts)).reshape(2, -1)
    events = pd.array(np.ravel(counts), dtype="Int64")
    table = pd.DataFrame({"row": rows, "column": columns, "events": events})
    margins = (["row"], ["column"])

    best = suppress(table, margins, hide_totals=False, method="optimal")
    quick = suppress(table, margins, hide_totals=False)

    assert best.cost == least
    assert quick.cost <= 1.2 * least
    for found in (best, quick):
        small = found.attack.frame()[found.attack.confidential]
        assert (small["values"] >= 3).all()
