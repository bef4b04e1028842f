"""The variance between areas by closed forms, and what fitting it adds by small differences."""

import numpy as np
import pytest
from scipy import linalg, stats

from labtools.analysis.perception.area_law import (
    between_error,
    fit_between,
    fit_spatial,
    least_squares,
    sar,
    spatial_fitting_error,
)

Y = np.array([0.2, 0.9, 1.4, -0.3, 0.7, 2.1, 1.1, 0.1])
ONES = np.ones((8, 1))
NOISE = np.full(8, 0.1)


@pytest.mark.parametrize(
    ("method", "between"),
    [
        ("reml", Y.var(ddof=1) - 0.1),
        ("ml", Y.var(ddof=0) - 0.1),
        ("fh", Y.var(ddof=1) - 0.1),
    ],
)
def test_with_equal_noise_the_variance_between_areas_is_that_of_all_less_the_noise(method, between):
    assert fit_between(Y, NOISE, ONES, method) == pytest.approx(between, rel=1e-6)
    assert fit_between(Y, NOISE * 100, ONES, method) == 0.0
    # Far above the first guess of the largest too.
    assert fit_between(Y, NOISE * 1e-6, ONES, method) == pytest.approx(between + 0.1, rel=1e-4)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_with_unequal_noise_no_other_variance_is_likelier(method):
    noise = np.array([0.05, 0.3, 0.1, 0.5, 0.02, 0.2, 0.4, 0.1])
    x = np.column_stack([np.ones(8), np.linspace(-1, 1, 8)])
    contrasts = linalg.null_space(x.T)

    def likelihood(a):
        law = np.diag(a + noise)
        if method == "reml":
            return stats.multivariate_normal(np.zeros(6), contrasts.T @ law @ contrasts).logpdf(
                contrasts.T @ Y
            )
        beta, _ = least_squares(Y, x, np.linalg.inv(law))
        return stats.multivariate_normal(x @ beta, law).logpdf(Y)

    found = fit_between(Y, noise, x, method)

    assert found > 0
    for other in (0.9 * found, 0.999 * found, 1.001 * found, 1.1 * found, 0.0, 2.0):
        assert likelihood(found) >= likelihood(other)


def test_generalised_least_squares_are_plain_ones_of_whitened_figures():
    rng = np.random.default_rng(1)
    x, root = rng.normal(size=(8, 2)), np.tril(rng.normal(size=(8, 8))) + 3 * np.eye(8)
    white = linalg.solve_triangular(root, np.column_stack([x, Y]), lower=True)

    beta, cov = least_squares(Y, x, np.linalg.inv(root @ root.T))

    assert beta == pytest.approx(np.linalg.lstsq(white[:, :2], white[:, 2], rcond=None)[0])
    assert cov == pytest.approx(np.linalg.inv(white[:, :2].T @ white[:, :2]))


@pytest.mark.parametrize(("method", "bias"), [("reml", 0.0), ("ml", -0.5 / 8), ("fh", 0.0)])
def test_with_equal_noise_what_fitting_adds_has_a_closed_form(method, bias):
    # With A = 0.4 and D = 0.1 of eight areas: twice D^2 / (A + D)^3 times 2 (A + D)^2 / 8.
    total = np.full(8, 0.5)
    _, cov = least_squares(Y, ONES, np.diag(1 / total))

    found = between_error(NOISE, total, ONES, cov, method)

    assert found == pytest.approx(np.full(8, 4 * 0.01 / (8 * 0.5) - bias * 0.2**2))


RING = np.roll(np.eye(8), 1, axis=1) / 2 + np.roll(np.eye(8), -1, axis=1) / 2
ASKED = np.array([True] * 6 + [False, True])


def test_areas_that_resemble_their_neighbours_have_the_covariance_of_their_own_equation():
    # What is left of an area after `rho` of its neighbours' mean is independent.
    law = sar(0.7, 0.4, RING)
    left = np.eye(8) - 0.4 * RING

    assert left @ law @ left.T == pytest.approx(0.7 * np.eye(8))


def test_no_other_variance_or_likeness_of_neighbours_is_likelier():
    rng = np.random.default_rng(11)
    n = 60
    ring = np.roll(np.eye(n), 1, axis=1) / 2 + np.roll(np.eye(n), -1, axis=1) / 2
    y = np.linalg.cholesky(sar(0.5, 0.7, ring)) @ rng.normal(size=n)
    noise, asked = rng.uniform(0.02, 0.2, n), np.arange(n) % 7 > 0
    y = y + np.sqrt(noise) * rng.normal(size=n)
    x = np.ones((asked.sum(), 1))
    contrasts = linalg.null_space(x.T)

    def likelihood(scale, rho):
        law = sar(scale, rho, ring)[np.ix_(asked, asked)] + np.diag(noise[asked])
        within = contrasts.T @ law @ contrasts
        return stats.multivariate_normal(np.zeros(len(within)), within).logpdf(
            contrasts.T @ y[asked]
        )

    scale, rho = fit_spatial(y[asked], noise[asked], x, ring, asked)

    best = likelihood(scale, rho)
    assert 0 < rho < 1
    for more in (0.5, 0.97, 1.03, 2.0):
        assert best >= likelihood(scale * more, rho)
    for step in (-0.3, -0.02, 0.02, 0.1):
        assert best >= likelihood(scale, min(rho + step, 0.989))
    assert best >= likelihood(scale * 1.03, rho - 0.02)
    assert best >= likelihood(scale * 0.97, rho + 0.02)


def test_what_fitting_two_parameters_adds_is_that_of_small_differences():
    noise, x = np.linspace(0.05, 0.3, 7), np.ones((7, 1))
    scale, rho, h = 0.5, 0.4, 1e-6

    def total(s, r):
        return sar(s, r, RING)[np.ix_(ASKED, ASKED)] + np.diag(noise)

    def weights(s, r):
        return sar(s, r, RING)[:, ASKED] @ np.linalg.inv(total(s, r))

    inverse = np.linalg.inv(total(scale, rho))
    steps = [(h, 0.0), (0.0, h)]
    slopes, moved = (
        [(f(scale + a, rho + b) - f(scale - a, rho - b)) / (2 * h) for a, b in steps]
        for f in (total, weights)
    )
    kept = inverse - inverse @ x @ np.linalg.inv(x.T @ inverse @ x) @ x.T @ inverse
    information = [[np.trace(kept @ a @ kept @ b) / 2 for b in slopes] for a in slopes]
    spread = np.linalg.inv(information)
    by_hand = sum(
        spread[i, j] * np.diag(moved[i] @ total(scale, rho) @ moved[j].T)
        for i in (0, 1)
        for j in (0, 1)
    )

    found = spatial_fitting_error((scale, rho), RING, ASKED, inverse, x)

    assert found == pytest.approx(by_hand, rel=1e-5)
