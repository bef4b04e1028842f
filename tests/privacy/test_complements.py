"""What is known of how far counts may move: never below nothing, and the opposite way too."""

import numpy as np
import pytest
from scipy import optimize, sparse

from labtools.privacy.complements import Table, _Moves, cheapest_complements, greedy_complements

#: Two rows of three and their sums by row, as items that add up.
INNER = np.array([[4.0, 1.0, 9.0], [2.0, 8.0, 5.0]])
VALUES = np.concatenate([INNER.ravel(), INNER.sum(axis=1)])
RELATIONS = sparse.csr_array(np.hstack([np.kron(np.eye(2), np.ones(3)), -np.eye(2)]))


def table(values=VALUES):
    primary = (values >= 1) & (values < 5)
    return Table(
        *(values, RELATIONS, primary, np.minimum(values, 3.0)),
        np.full(len(values), fill_value=True),
    )


def test_a_change_is_kept_and_its_opposite_as_far_as_counts_go():
    moves = _Moves.none_yet(table())

    moves.see(np.array([6.0, -1.0, -5.0, 0, 0, 0, 0, 0]))

    # The first may fall by its four only: two thirds of the way back.
    assert moves.up == pytest.approx([6, 2 / 3, 10 / 3, 0, 0, 0, 0, 0])
    assert moves.down == pytest.approx([4, 1, 5, 0, 0, 0, 0, 0])
    moves.see(np.array([1.0, 0, -1.0, 0, 0, 0, 0, 0]))
    assert moves.up == pytest.approx([6, 2 / 3, 10 / 3, 0, 0, 0, 0, 0])
    assert moves.down == pytest.approx([4, 1, 5, 0, 0, 0, 0, 0])
    assert moves.protects(0, 1.0)
    assert moves.protects(0, -1.0)
    assert moves.protects(1, -1.0)
    assert not moves.protects(1, 1.0)
    assert not moves.protects(3, 1.0)


def test_an_opposite_goes_back_no_further_than_the_change_itself():
    moves = _Moves.none_yet(table())

    moves.see(np.array([0.0, 0, 0, 1.0, -1.0, 0, 0, 0]))

    assert moves.down[3] == 1
    assert moves.up[4] == 1


def test_looking_at_many_counts_moves_only_what_is_hidden_and_keeps_every_sum(monkeypatch):
    seen = []
    moves = _Moves.none_yet(table())
    hidden = np.array([True, True, True, True, True, False, False, False])
    monkeypatch.setattr(_Moves, "_keep", lambda _, changes: seen.append(changes))

    moves.look(hidden)

    for change in seen:
        assert change[~hidden] == pytest.approx(np.zeros(3))
        assert RELATIONS @ change == pytest.approx(np.zeros(2))
        assert (VALUES + change >= -1e-9).all()
    assert max(change[0] for change in seen) == pytest.approx(3)
    assert min(change[0] for change in seen) == pytest.approx(-3)


@pytest.mark.parametrize("find", [greedy_complements, cheapest_complements])
def test_each_small_count_may_move_as_far_as_it_must_by_what_is_hidden(find):
    one = table()

    hidden = find(one)

    assert hidden[one.primary].all()
    limits = [(-v, None) if h else (0, 0) for v, h in zip(VALUES, hidden, strict=True)]
    for item in np.flatnonzero(one.primary):
        for sign in (1, -1):
            towards = np.zeros(8)
            towards[item] = -sign
            best = optimize.linprog(towards, A_eq=RELATIONS, b_eq=np.zeros(2), bounds=limits)
            assert best.status == 3 or -best.fun >= one.reach[item] - 1e-7
    # Of the first row the four and the one; of the second the two, and the five is the cheapest.
    assert hidden.tolist()[3:6] == [True, False, True]
