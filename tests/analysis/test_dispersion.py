import numpy as np
import pandas as pd
import pytest

from labtools.analysis.dispersion import dispersion_by_size, estimate_dispersion

N_AREAS = 200


def draw(rng, mean, dispersion, shape):
    """Counts with the given mean and variance over mean."""
    if dispersion == 1:
        return rng.poisson(mean, shape)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion, shape)


def quarters(rng, mean, dispersion):
    return pd.DataFrame(draw(rng, mean, dispersion, (N_AREAS, 12)))


def city(rng, shape=None, dispersion=2.0):
    """Areas of many sizes: negative binomial of one shape, or of one dispersion."""
    mean = np.tile(rng.lognormal(np.log(10), 0.8, (N_AREAS, 1)), 12)
    shape = mean / (dispersion - 1) if shape is None else shape
    return pd.DataFrame(rng.negative_binomial(shape, shape / (shape + mean)), dtype=float)


def test_counts_that_vary_as_chance_does_have_dispersion_one():
    rng = np.random.default_rng(1)
    found = [estimate_dispersion(quarters(rng, 3.0, 1.0)) for _ in range(30)]

    assert min(found) == 1
    # 200 areas × 12 quarters: the standard error of one estimate is about 0.03.
    assert np.mean(found) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("mean", [3, 40])
@pytest.mark.parametrize("dispersion", [2, 4])
def test_the_dispersion_that_made_the_counts_is_found(mean, dispersion):
    rng = np.random.default_rng(2)

    found = [estimate_dispersion(quarters(rng, mean, dispersion)) for _ in range(20)]

    assert np.mean(found) == pytest.approx(dispersion, rel=0.03)


def test_a_large_area_among_few_does_not_hide_the_dispersion():
    rng = np.random.default_rng(3)
    means = np.array([[400.0], [20.0], [20.0], [20.0]])

    found = [
        estimate_dispersion(pd.DataFrame(draw(rng, np.tile(means, 12), 4, (4, 12))))
        for _ in range(300)
    ]

    # The estimate is never below 1, and is skewed: its mean has a standard error of 0.08.
    assert np.mean(found) == pytest.approx(4, abs=0.3)


def test_season_and_trend_of_the_whole_city_are_no_dispersion():
    rng = np.random.default_rng(4)
    season = np.tile([1.0, 2.0, 0.5, 1.5], 3) * np.linspace(1, 2, 12)

    counts = pd.DataFrame(rng.poisson(5 * season, (N_AREAS, 12)))

    assert estimate_dispersion(counts) == pytest.approx(1, abs=0.1)


def test_noise_added_on_purpose_is_taken_out_of_the_dispersion():
    rng = np.random.default_rng(5)
    counts = quarters(rng, 12.0, 2.0)
    noisy = counts + rng.normal(0, 2, counts.shape)

    found = estimate_dispersion(noisy, noise_variance=4)

    assert found == pytest.approx(estimate_dispersion(counts), rel=0.06)


def test_areas_and_periods_without_counts_do_not_silence_the_others():
    rng = np.random.default_rng(6)
    counts = quarters(rng, 12.0, 3.0)
    holes = counts.astype(float).assign(not_covered=np.nan)
    holes.loc["withheld"] = np.nan

    assert estimate_dispersion(holes) == estimate_dispersion(counts)


@pytest.mark.parametrize(
    "counts",
    [pd.DataFrame([[1.0, 9.0]]), pd.DataFrame([[1.0], [9.0]]), pd.DataFrame(np.zeros((3, 3)))],
)
def test_where_dispersion_cannot_be_seen_it_is_that_of_chance(counts):
    assert estimate_dispersion(counts) == 1


def test_negative_binomial_counts_vary_the_more_the_larger_they_are():
    rng = np.random.default_rng(11)

    slopes = []
    for _ in range(30):
        counts = city(rng, shape=13)
        found, mean = dispersion_by_size(counts), counts.mean(axis=1)
        slopes.append(np.polyfit(mean, found, 1))

    # Variance over mean is 1 + mean / shape.
    slope, intercept = np.mean(slopes, axis=0)
    assert slope == pytest.approx(1 / 13, rel=0.1)
    assert intercept == pytest.approx(1, abs=0.1)


def test_counts_of_one_dispersion_have_it_at_every_size():
    rng = np.random.default_rng(12)

    found = [dispersion_by_size(city(rng, dispersion=2.0)) for _ in range(30)]

    assert np.mean([f.mean() for f in found]) == pytest.approx(2, abs=0.1)
    assert np.mean([f.max() for f in found]) == pytest.approx(2, abs=0.5)


def test_the_dispersion_of_chance_is_one_at_every_size():
    rng = np.random.default_rng(13)

    found = dispersion_by_size(pd.DataFrame(rng.poisson(rng.gamma(2, 10, (N_AREAS, 1)), (200, 12))))

    assert found.min() >= 1
    assert found.max() <= 1.3


def test_an_area_that_is_not_known_gets_a_dispersion_and_changes_no_other():
    counts = city(np.random.default_rng(14), shape=13)
    with_gap = counts.copy()
    with_gap.loc["withheld"] = np.nan

    found = dispersion_by_size(with_gap)

    pd.testing.assert_series_equal(found[:-1], dispersion_by_size(counts), check_index_type=False)
    assert found["withheld"] == pytest.approx(found.min(), abs=0.2)


@pytest.mark.parametrize("counts", [np.zeros((3, 4)), np.zeros((3, 0)), np.ones((1, 4))])
def test_where_nothing_varies_every_area_has_the_dispersion_of_chance(counts):
    assert (dispersion_by_size(pd.DataFrame(counts)) == 1).all()
