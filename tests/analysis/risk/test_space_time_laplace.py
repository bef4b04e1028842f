"""Levels, what is shared, drivers and wandering paths: against all unknowns at once, densely."""

import numpy as np
import pytest
from scipy import linalg

from labtools.analysis.risk.graph import map_precision
from labtools.analysis.risk.space_time_laplace import (
    Parameters,
    SpaceTimeModel,
    find_mode,
    level_law,
    solve_step,
    variances,
)

PERIODS, AREAS = 4, 6  # a ring of three, a pair, an island
PAIRS = [(0, 1), (1, 2), (2, 0), (3, 4)]
PARTS = ([0, 1, 2], [3, 4])
DOUBT = np.array([0.0, 0.2, 0.0, 0.3, 0.1, 0.4])
VALUES = Parameters(
    sigma=np.array([0.5, 0.9]),
    rho=np.array([0.6, 0.3]),
    sd=np.array([0.4, 0.7]),
    phi=np.array([0.5, 0.8]),
    size=np.array([4.0, 9.0]),
    traits=np.array([0.3, 0.6]),
)
COEFFICIENTS = 5  # intercept, covariate, trait; shared; driver


@pytest.fixture(scope="module")
def model(matrix):
    rng = np.random.default_rng(2)
    graph = map_precision(matrix(PAIRS, AREAS))
    by_row = lambda table: graph.place(table.T).T  # noqa: E731 - short
    return SpaceTimeModel(
        graph=graph,
        events=by_row(rng.poisson(6.0, (PERIODS, AREAS)).astype(float)),
        exposure=by_row(rng.uniform(3.0, 8.0, (PERIODS, AREAS))),
        fixed=graph.place(np.column_stack([np.ones(AREAS), rng.normal(size=(AREAS, 2))])),
        shared=rng.normal(size=(PERIODS, 1)),
        drivers=np.moveaxis(graph.place(rng.normal(size=(AREAS, PERIODS, 1))), 1, 0),
        precision=np.diag([0.1, 1.0, 0.0, 4.0, 1.5]),
        doubt=graph.place(DOUBT),
        traits=1,
    )


def smooth_basis():
    laplacian = np.zeros((AREAS, AREAS))
    for one, other in PAIRS:
        laplacian[[one, other], [one, other]] += 1
        laplacian[[one, other], [other, one]] -= 1
    basis, precision = [], []
    for part in PARTS:
        inner = laplacian[np.ix_(part, part)]
        free = linalg.null_space(np.ones((1, len(part))))
        whole = np.zeros((AREAS, free.shape[1]))
        whole[part] = free
        basis.append(whole)
        scale = np.exp(np.log(np.diag(np.linalg.pinv(inner))).mean())
        precision.append(free.T @ inner @ free * scale)
    return np.hstack(basis), linalg.block_diag(*precision)


def unknowns(model, g):
    """Return what turns all unknowns into levels and log rates, and their prior precision."""
    smooth, prior = smooth_basis()
    share = VALUES.rho[g] * np.array([1.0] * 5 + [0.0])
    s_u = VALUES.sigma[g] * np.sqrt(share)
    s_v = np.sqrt(VALUES.sigma[g] ** 2 * (1 - share) + DOUBT**2)
    fixed = model.graph.take(model.fixed.T).T
    cells = PERIODS * AREAS
    level = np.hstack(
        [s_u[:, None] * smooth, np.diag(s_v), np.zeros((AREAS, cells)), fixed, np.zeros((AREAS, 2))]
    )
    eta = np.tile(level, (PERIODS, 1))
    eta[:, level.shape[1] - COEFFICIENTS - cells : level.shape[1] - COEFFICIENTS] = np.eye(cells)
    eta[:, -2] = np.repeat(model.shared[:, 0], AREAS)
    eta[:, -1] = model.graph.take(model.drivers[..., 0]).ravel()
    at = np.arange(PERIODS)
    path = VALUES.sd[g] ** 2 * VALUES.phi[g] ** np.abs(at[:, None] - at[None])
    own = np.diag([0.1, 1.0, 1 / VALUES.traits[g] ** 2, 4.0, 1.5])
    before = linalg.block_diag(
        prior, np.eye(AREAS), np.kron(np.linalg.inv(path), np.eye(AREAS)), own
    )
    return level, eta, before


def slope_and_bend(model, seed=5):
    rng = np.random.default_rng(seed)
    slope, bend = rng.normal(size=(2, PERIODS, 2, AREAS))
    place = lambda table: np.moveaxis(model.graph.place(np.moveaxis(table, 2, 0)), 0, 2)  # noqa: E731
    return place(slope), place(np.abs(bend) + 0.3)


@pytest.mark.parametrize("g", [0, 1])
def test_a_step_is_the_gaussian_law_of_all_unknowns(model, g):
    slope, bend = slope_and_bend(model)
    here = np.full(bend.shape, 0.3)

    solved = solve_step(model, VALUES, here, (slope, bend))

    level, eta, before = unknowns(model, g)
    weight, linear = (
        model.graph.take(table[:, g]).ravel() for table in (bend, bend * here + slope)
    )
    covariance = np.linalg.inv(before + eta.T @ (weight[:, None] * eta))
    mean = covariance @ eta.T @ linear
    near = {"rel": 2e-4, "abs": 2e-5}  # a millionth is added to each precision of the map
    take = model.graph.take
    assert take(solved.eta[:, g]).ravel() == pytest.approx(eta @ mean, **near)
    assert solved.level.coefficients[g] == pytest.approx(mean[-COEFFICIENTS:], **near)
    path = mean[-COEFFICIENTS - PERIODS * AREAS : -COEFFICIENTS]
    assert take(solved.path[:, g]).ravel() == pytest.approx(path, **near)
    told = take(variances(model, solved)[:, g]).ravel()
    assert told == pytest.approx(np.diag(eta @ covariance @ eta.T), **near)
    if g == 0:
        law = level_law(model, solved)
        assert take(law.mean) == pytest.approx(level @ mean, **near)
        assert take(law.variance) == pytest.approx(np.diag(level @ covariance @ level.T), **near)


def test_the_mode_and_the_evidence_are_those_of_newtons_steps_in_all_unknowns(model):
    start = np.zeros((PERIODS, 2, model.graph.rows))
    solved, evidence = find_mode(model, VALUES, start)

    take, told = model.graph.take, []
    counts = model.counts(VALUES.size)
    for g in (0, 1):
        _, eta, before = unknowns(model, g)
        at = np.zeros((PERIODS, 2, model.graph.rows))
        z = np.zeros(len(before))
        for _ in range(60):
            both = counts.slope_and_bend(at)
            slope, bend = (take(table[:, g]).ravel() for table in both)
            whole = before + eta.T @ (bend[:, None] * eta)
            z = np.linalg.solve(whole, eta.T @ (bend * (eta @ z) + slope))
            rates = (eta @ z).reshape(PERIODS, AREAS)
            at[:, g] = model.graph.place(rates.T).T
        assert take(solved.eta[:, g]) == pytest.approx(rates, abs=5e-3)
        determinants = np.linalg.slogdet(before)[1] - np.linalg.slogdet(whole)[1]
        fit = float(counts.log_likelihood(at).sum(axis=0)[g])
        told.append(fit - z @ before @ z / 2 + determinants / 2)
    # Told up to a constant.
    assert evidence[1] - evidence[0] == pytest.approx(told[1] - told[0], abs=2e-3)
