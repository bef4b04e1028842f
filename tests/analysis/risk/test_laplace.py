"""The evidence of parameters and the law at the mode, against dense algebra."""

import numpy as np
import pytest
from scipy import sparse

from labtools.analysis.risk.graph import map_precision
from labtools.analysis.risk.laplace import MapModel, find_mode, log_evidence
from labtools.analysis.risk.level import Loadings
from labtools.analysis.risk.likelihood import Counts

EVENTS = np.array([3.0, 0.0, 7.0, 12.0, 5.0, 1.0])
EXPOSURE = np.array([2.0, 1.0, 4.0, 5.0, 6.0, 1.0])
TRAIT = np.array([0.5, -1.0, 0.3, 1.2, -0.7, -0.3])
PRECISION = np.array([0.25, 9.0])
SIGMAS = np.array([0.3, 0.9])


def dense(sigma):
    """Newton's steps in all unknowns at once, and Laplace's evidence by determinants."""
    design = np.column_stack([np.eye(6), np.ones(6), TRAIT])
    prior = np.diag([*([1 / sigma**2] * 6), *PRECISION])
    z = np.zeros(8)
    for _ in range(60):
        mean = EXPOSURE * np.exp(design @ z)
        bend = design.T @ (mean[:, None] * design) + prior
        z = z + np.linalg.solve(bend, design.T @ (EVENTS - mean) - prior @ z)
    eta = design @ z
    fit = (EVENTS * eta - EXPOSURE * np.exp(eta)).sum()
    determinants = np.linalg.slogdet(prior)[1] - np.linalg.slogdet(bend)[1]
    variance = (design @ np.linalg.inv(bend) * design).sum(axis=1)
    return eta, fit - z @ prior @ z / 2 + determinants / 2, variance


def test_of_islands_mode_variance_and_evidence_are_those_of_dense_algebra():
    graph = map_precision(sparse.csr_array((6, 6)))
    model = MapModel(
        graph,
        Counts(graph.place(EVENTS), graph.place(EXPOSURE), np.inf),
        graph.place(np.column_stack([np.ones(6), TRAIT])),
        PRECISION,
    )
    loadings = Loadings.of(graph, SIGMAS, np.array([0.5, 0.5]))

    found = find_mode(model, loadings, np.zeros((2, len(model.design))))

    told = [dense(sigma) for sigma in SIGMAS]
    for row, (eta, _, variance) in enumerate(told):
        assert graph.take(found.eta)[row] == pytest.approx(eta, abs=1e-4)
        assert graph.take(found.variances())[row] == pytest.approx(variance, rel=1e-3)
    # Evidences are told up to a constant.
    evidence = log_evidence(model, found)
    assert evidence[1] - evidence[0] == pytest.approx(told[1][1] - told[0][1], abs=1e-4)
