"""The law of levels on a map with neighbours, two parts and an island, against dense algebra."""

import numpy as np
import pytest
from scipy import linalg

from labtools.analysis.risk.graph import map_precision
from labtools.analysis.risk.level import Loadings, Told, solve_level

AREAS = 8  # a ring of four, a line of three, an island
PAIRS = [(0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6)]
SIGMA, RHO = np.array([0.6, 1.4]), np.array([0.7, 0.2])
DOUBT = np.array([0.0, 0.3, 0.0, 0.5, 0.1, 0.0, 0.2, 0.4])


@pytest.fixture(scope="module")
def graph(matrix):
    return map_precision(matrix(PAIRS, AREAS))


@pytest.fixture(scope="module")
def loadings(graph):
    return Loadings.of(graph, SIGMA, RHO, graph.place(DOUBT))


@pytest.fixture(scope="module")
def told(graph):
    rng = np.random.default_rng(3)
    weight = graph.place(rng.uniform(0.5, 4.0, (AREAS, 2))).T
    target = graph.place(rng.normal(size=(AREAS, 2))).T
    cross = weight[..., None] * graph.place(rng.normal(size=(AREAS, 2)))
    gram = np.einsum("bnk,bnl->bkl", cross, cross / np.where(weight > 0, weight, 1)[..., None])
    return Told(weight, target, cross, gram + 2 * np.eye(2), rng.normal(size=(2, 2)))


def dense(graph, loadings, told, batch):
    """Return the mean and covariance of deviations and coefficients, and what comes with them."""
    laplacian = np.zeros((AREAS, AREAS))
    for one, other in PAIRS:
        laplacian[[one, other], [one, other]] += 1
        laplacian[[one, other], [other, one]] -= 1
    precision, basis = [], []
    for part in ([0, 1, 2, 3], [4, 5, 6]):
        inner = laplacian[np.ix_(part, part)]
        scale = np.exp(np.log(np.diag(np.linalg.pinv(inner))).mean())
        free = linalg.null_space(np.ones((1, len(part))))
        whole = np.zeros((AREAS, free.shape[1]))
        whole[part] = free
        basis.append(whole)
        precision.append(free.T @ inner @ free * scale)
    smooth, prior = np.hstack(basis), linalg.block_diag(*precision)
    s_u, s_v, weight, target = (
        graph.take(it[batch])
        for it in (loadings.structured, loadings.unstructured, told.weight, told.target)
    )
    cross = graph.take(told.cross[batch].T).T
    # Unknown are the smooth surfaces without their sums, what is each area's own, coefficients.
    to_deviation = np.hstack([s_u[:, None] * smooth, np.diag(s_v), np.zeros((AREAS, 2))])
    to_coefficients = np.hstack([np.zeros((2, smooth.shape[1] + AREAS)), np.eye(2)])
    before = linalg.block_diag(prior, np.eye(AREAS), np.zeros((2, 2)))
    both = to_deviation.T @ cross @ to_coefficients
    whole = before + to_deviation.T @ (weight[:, None] * to_deviation) + both + both.T
    whole = whole + to_coefficients.T @ told.gram[batch] @ to_coefficients
    linear = to_deviation.T @ target + to_coefficients.T @ told.aim[batch]
    found = np.linalg.solve(whole, linear)
    given_b = to_deviation[:, :-2] @ np.linalg.inv(whole[:-2, :-2])
    turn = np.vstack([to_deviation, to_coefficients])
    deviation, coefficients = to_deviation @ found, found[-2:]
    return {
        "deviation": deviation,
        "coefficients": coefficients,
        "covariance": np.linalg.inv(whole)[-2:, -2:],
        "response": given_b @ (to_deviation[:, :-2].T @ cross),
        "energy": found @ before @ found,
        "determinant": np.linalg.slogdet(whole)[1],
        "own_variance": np.diag(given_b @ to_deviation[:, :-2].T),
        "slope": target - weight * deviation - cross @ coefficients,
        "joint": turn @ np.linalg.inv(whole) @ turn.T,
    }


def test_of_a_deviation_its_share_is_alike_next_door_and_an_island_has_its_own(graph, loadings):
    structured, unstructured = graph.take(loadings.structured), graph.take(loadings.unstructured)

    for b in range(2):
        share = RHO[b] * np.array([1.0] * 7 + [0.0])
        assert structured[b] == pytest.approx(SIGMA[b] * np.sqrt(share))
        assert unstructured[b] ** 2 == pytest.approx(SIGMA[b] ** 2 * (1 - share) + DOUBT**2)


@pytest.mark.parametrize("batch", [0, 1])
def test_the_law_of_levels_is_that_of_all_unknowns_at_once(graph, loadings, told, batch):
    found = solve_level(graph, loadings, told)
    by_hand = dense(graph, loadings, told, batch)

    near = {"rel": 1e-4, "abs": 1e-5}  # a millionth is added to each precision
    assert graph.take(found.deviation)[batch] == pytest.approx(by_hand["deviation"], **near)
    assert found.coefficients[batch] == pytest.approx(by_hand["coefficients"], **near)
    assert found.covariance[batch] == pytest.approx(by_hand["covariance"], **near)
    response = graph.take(found.response[batch].T).T
    assert response == pytest.approx(by_hand["response"], **near)
    assert found.energy[batch] == pytest.approx(by_hand["energy"], **near)
    assert graph.take(found.own_variance())[batch] == pytest.approx(by_hand["own_variance"], **near)
    assert graph.take(found.slope)[batch] == pytest.approx(by_hand["slope"], **near)


def test_determinants_of_two_values_of_the_parameters_are_as_far_apart(graph, loadings, told):
    found = solve_level(graph, loadings, told)
    by_hand = [dense(graph, loadings, told, batch)["determinant"] for batch in (0, 1)]

    assert np.diff(found.log_determinant) == pytest.approx(np.diff(by_hand), abs=1e-4)


def test_one_value_of_the_parameters_has_its_own_law(graph, loadings, told):
    both = solve_level(graph, loadings, told)

    one = both.one(1)

    assert one.deviation.shape == (1, graph.rows)
    assert one.deviation[0] == pytest.approx(both.deviation[1])
    assert one.own_variance()[0] == pytest.approx(both.own_variance()[1])
    assert one.loadings.structured[0] == pytest.approx(both.loadings.structured[1])


@pytest.mark.parametrize("batch", [0, 1])
def test_draws_have_the_mean_and_the_covariance_of_deviations_and_coefficients(
    graph, loadings, told, batch
):
    law = solve_level(graph, loadings, told).one(batch)
    by_hand = dense(graph, loadings, told, batch)

    deviations, coefficients = law.draw(graph, 60_000, np.random.default_rng(9))

    drawn = np.hstack([graph.take(deviations), coefficients])
    mean = np.concatenate([by_hand["deviation"], by_hand["coefficients"]])
    errors = np.sqrt(np.diag(by_hand["joint"]))
    assert ((drawn.mean(axis=0) - mean) / errors) == pytest.approx(np.zeros(10), abs=0.02)
    scaled = np.cov(drawn.T) / np.outer(errors, errors)
    assert scaled == pytest.approx(by_hand["joint"] / np.outer(errors, errors), abs=0.03)
