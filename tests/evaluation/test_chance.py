import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.chance import Choice, before_and_after, nothing_happened

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
