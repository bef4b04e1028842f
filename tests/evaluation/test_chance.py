import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.chance import (
    Choice,
    _draw,
    _levels,
    _one_world,
    before_and_after,
    nothing_happened,
)

ROUND = (Choice(slice(0, 4), slice(4, 8), 13),)


def test_the_worst_of_equal_places_get_better_by_as_much_as_they_were_unlucky():
    rng = np.random.default_rng(1)
    counts = pd.DataFrame(rng.poisson(7.5, (128, 40)))

    got = nothing_happened(counts, ROUND, rng=rng, draws=400)

    # Equal places: the chosen fall from the mean of the 13 largest of 128 sums to the mean.
    sums = np.sort(rng.poisson(30, (20_000, 128)), axis=1)[:, -13:].mean()
    assert got.log_ratio == pytest.approx(np.log(30 / sums), abs=0.02)
    assert got.dispersion == pytest.approx(1, abs=0.05)


def test_places_that_differ_much_fall_less():
    rng = np.random.default_rng(2)
    alike = pd.DataFrame(rng.poisson(7.5, (128, 20)))
    apart = pd.DataFrame(rng.poisson(rng.gamma(2, 3.75, 128)[:, None], (128, 20)))

    falls = [nothing_happened(t, ROUND, rng=rng).log_ratio for t in (alike, apart)]

    assert falls[0] < falls[1] < 0


def test_counts_that_vary_more_fall_more():
    rng = np.random.default_rng(3)
    level = rng.gamma(4, 2, 128)[:, None]
    plain = pd.DataFrame(rng.poisson(level, (128, 20)))
    spread = pd.DataFrame(rng.negative_binomial(level / 3, 0.25, (128, 20)))

    got = [nothing_happened(t, ROUND, rng=rng) for t in (plain, spread)]

    assert got[1].dispersion == pytest.approx(4, rel=0.15)
    assert got[1].log_ratio < got[0].log_ratio


def test_the_plain_before_and_after_is_the_ratio_of_means():
    counts = np.array([[2.0, 2, 1, 1], [4, 4, 3, 3], [9, 9, 9, 9]])
    choice = (Choice(slice(0, 2), slice(2, 4), 2),)

    assert before_and_after(counts, [np.array([0, 1])], choice) == pytest.approx(np.log(4 / 6))


def test_no_events_are_refused():
    with pytest.raises(AnalysisError, match="all zero"):
        nothing_happened(pd.DataFrame(np.zeros((5, 8))), ROUND, rng=np.random.default_rng(1))


def test_levels_are_drawn_to_their_mean_by_what_chance_alone_would_spread():
    # Means 4, 8 and 12 vary by 16; chance of four periods is 8 / 4: fourteen sixteenths are real.
    level, spread = _levels(np.repeat([[4.0], [8.0], [12.0]], 4, axis=1))

    assert spread == 1.0
    assert level == pytest.approx([4.5, 8.0, 11.5])


def test_equal_places_have_one_level_and_the_dispersion_of_pearson():
    table = np.array([[2.0, 6.0, 4.0], [6.0, 2.0, 4.0]])

    level, spread = _levels(table)

    # Expected 4 everywhere; four squares of 4 over 4, by two degrees of freedom.
    assert level == pytest.approx([4.0, 4.0])
    assert spread == pytest.approx(16 / 4 / 2)


def test_a_place_or_a_period_without_events_spoils_no_dispersion():
    table = np.array([[2.0, 6.0, 0.0], [6.0, 2.0, 0.0], [0.0, 0.0, 0.0]])

    level, spread = _levels(table)

    # The same four squares of 4 over 4, by four degrees of freedom.
    assert spread == 1.0
    assert np.isfinite(level).all()


@pytest.mark.parametrize("spread", [1.0, 2.5])
def test_worlds_are_drawn_with_their_mean_and_dispersion(spread):
    drawn = _draw(np.full((200, 400), 3.0), spread, np.random.default_rng(5))

    # 80,000 counts: four standard errors of a mean of 3 are 0.04, of a variance 3 %.
    assert drawn.mean() == pytest.approx(3.0, abs=0.04)
    assert drawn.var() / drawn.mean() == pytest.approx(spread, rel=0.03)


def test_who_is_chosen_once_is_not_chosen_again_and_rounds_are_summed():
    counts = np.array([[9.0, 9, 6, 1], [5, 5, 2, 4], [4, 4, 9, 3], [0, 0, 1, 9]])
    rounds = (Choice(slice(0, 2), slice(2, 4), 1), Choice(slice(1, 3), slice(3, 4), 2))

    # First the first place, 9 before and 3.5 after; then the second and third, 3.5 + 6.5 and 7.
    found = _one_world(counts, rounds)

    assert found == pytest.approx(np.log((3.5 + 4 + 3) / (9 + 3.5 + 6.5)))


def test_nothing_before_or_after_has_no_ratio():
    choice = (Choice(slice(0, 1), slice(1, 2), 1),)

    for counts in ([[0.0, 3.0]], [[3.0, 0.0]]):
        assert np.isnan(before_and_after(np.array(counts), [np.array([0])], choice))
    one = before_and_after(np.array([[0.5, 0.25]]), [np.array([0])], choice)
    assert one == pytest.approx(np.log(0.5))


def test_the_limits_hold_95_of_100_worlds():
    counts = pd.DataFrame(np.random.default_rng(6).poisson(9.0, (60, 12)))
    rng = np.random.default_rng(7)

    found = nothing_happened(counts, ROUND, rng=rng, draws=1_500)

    level, spread = _levels(counts.to_numpy(float))
    mean = np.broadcast_to(level[:, None], (60, 8))
    worlds = [_one_world(_draw(mean, spread, rng), ROUND) for _ in range(1_500)]
    inside = np.mean((np.array(worlds) >= found.lower) & (np.array(worlds) <= found.upper))
    assert inside == pytest.approx(0.95, abs=0.02)
    assert found.log_ratio == pytest.approx(np.mean(worlds), abs=0.01)
