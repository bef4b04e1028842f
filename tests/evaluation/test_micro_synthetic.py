import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.micro_synthetic import micro_synthetic


def city(rng, effect=0.0, ratio=2.0):
    level = rng.gamma(3, 2, 200)
    chance = np.sqrt(level)
    treated = np.zeros(200, bool)
    treated[rng.choice(200, 30, replace=False, p=chance / chance.sum())] = True
    mean = np.broadcast_to(level[:, None], (200, 16)).copy()
    mean[treated, 12:] *= np.exp(effect)
    counts = rng.negative_binomial(mean / (ratio - 1), 1 / ratio)
    past = pd.DataFrame({k: counts[:, 4 * k : 4 * k + 4].sum(axis=1) for k in range(3)})
    return past, pd.Series(counts[:, 12:].sum(axis=1)), pd.Series(treated)


def test_the_mix_reproduces_the_past_of_the_treated_exactly():
    past, after, treated = city(np.random.default_rng(1))

    got = micro_synthetic(past, after, treated, rng=np.random.default_rng(2), draws=199)

    mixed = past[~treated].mul(got.weights, axis=0).sum()
    assert mixed.to_numpy() == pytest.approx(past[treated].sum().to_numpy(), rel=1e-3)
    assert (got.weights >= 0).all()
    assert got.weights.sum() == pytest.approx(30)


def test_a_planted_fall_is_found_without_bias_and_with_its_error():
    rng = np.random.default_rng(3)

    got = [micro_synthetic(*city(rng, effect=-0.4), rng=rng, draws=199) for _ in range(20)]

    found = np.array([one.log_ratio for one in got])
    assert found.mean() == pytest.approx(-0.4, abs=3 * found.std() / np.sqrt(20))
    # Twenty cities tell a standard deviation within a third of it.
    assert np.mean([one.se for one in got]) == pytest.approx(found.std(ddof=1), rel=0.34)


def test_groups_without_events_are_counted_among_the_rarest():
    # Events are so rare that many groups of as many places have none: they differ most of all.
    rng = np.random.default_rng(2)
    past = pd.DataFrame({0: np.ones(120), 1: rng.integers(1, 3, 120)})
    after = pd.Series(np.isin(np.arange(120), [0, *range(60, 64)]).astype(float))
    treated = pd.Series(np.arange(120) < 20)

    got = micro_synthetic(past, after, treated, rng=np.random.default_rng(3), draws=199)

    none = np.isinf(got.placebos).mean()
    assert none > 0.2
    assert got.p >= none


def test_where_the_past_tells_all_nothing_is_tested():
    past, _, treated = city(np.random.default_rng(6))

    got = micro_synthetic(past, past.sum(axis=1) + 1, treated, rng=np.random.default_rng(1))

    assert got.log_ratio == pytest.approx(0, abs=1e-4)
    assert np.isnan(got.p)


def test_a_past_like_nobody_elses_is_refused():
    past, after, treated = city(np.random.default_rng(4))
    past.loc[treated] += 1_000

    with pytest.raises(AnalysisError, match="No mix"):
        micro_synthetic(past, after, treated, rng=np.random.default_rng(1))


def test_too_many_treated_places_are_refused():
    past, after, treated = city(np.random.default_rng(5))
    treated[:100] = True

    with pytest.raises(AnalysisError, match="two other places"):
        micro_synthetic(past, after, treated, rng=np.random.default_rng(1))
