import numpy as np
import pytest
from scipy import sparse

from labtools.analysis.risk.blocks import factor_blocks
from labtools.analysis.risk.graph import map_precision
from labtools.errors import AnalysisError


def dense(precision):
    """The precision as one matrix, areas in their own order."""
    count, width, _ = precision.diagonal.shape
    whole = np.zeros((count * width,) * 2)
    for k, block in enumerate(precision.diagonal):
        whole[k * width : (k + 1) * width, k * width : (k + 1) * width] = block
    for k, block in enumerate(precision.below):
        rows, columns = (k + 1) * width, k * width
        whole[rows : rows + width, columns : columns + width] = block
        whole[columns : columns + width, rows : rows + width] = block.T
    place = np.argsort(precision.order)
    return whole[np.ix_(place, place)]


def test_scotlands_map_has_the_scale_of_the_reference(reference, oracle, matrix):
    expected = reference("bym2_scotland.json")["scaling_factor"]
    edges = oracle("scotland_bugs_edges.csv")

    precision = map_precision(matrix(edges.to_numpy(), 56))

    assert precision.scale == pytest.approx([expected], rel=1e-6)


def test_the_typical_variance_of_every_part_of_a_map_is_one(chart, matrix):
    _, one = chart(40, np.random.default_rng(1))
    ring = matrix([(k, (k + 1) % 7) for k in range(7)], 7)
    neighbours = sparse.csr_array(sparse.block_diag([one, ring, np.zeros((1, 1))]))

    whole = dense(map_precision(neighbours))
    inverse = np.linalg.pinv(whole[:47, :47])

    variance = np.diag(inverse)
    assert np.exp(np.log(variance[:40]).mean()) == pytest.approx(1, rel=1e-9)
    # By symmetry every place of a ring has the same variance.
    assert variance[40:] == pytest.approx(np.ones(7), rel=1e-9)
    # The island varies by one, alone.
    assert whole[47].tolist() == [0.0] * 47 + [1.0] + whole[47, 48:].tolist()
    assert whole[47, 48:] == pytest.approx(0)


def test_an_island_belongs_to_no_part(matrix):
    precision = map_precision(matrix([(0, 2), (2, 3)], 4))

    connected = precision.take(precision.connected.astype(float))

    assert connected.tolist() == [1, 0, 1, 1]


def test_an_area_that_is_its_own_neighbour_is_not_counted_twice(matrix):
    plain = matrix([(0, 1), (1, 2)], 3)
    doubled = plain + plain + sparse.csr_array(np.eye(3))

    assert dense(map_precision(doubled)) == pytest.approx(dense(map_precision(plain)))


def test_a_matrix_that_is_not_square_is_refused():
    with pytest.raises(AnalysisError, match="3 rows and 2 columns"):
        map_precision(sparse.csr_array(np.ones((3, 2))))


def test_block_factors_give_the_numbers_of_dense_algebra():
    rng = np.random.default_rng(5)
    whole = np.zeros((2, 12, 12))
    below = rng.normal(size=(3, 3, 3))
    for k in range(4):
        cut = slice(3 * k, 3 * k + 3)
        whole[:, cut, cut] = 30 * np.eye(3) * np.array([1, 2])[:, None, None]
        if k:
            whole[:, cut, 3 * k - 3 : 3 * k] = below[k - 1]
            whole[:, 3 * k - 3 : 3 * k, cut] = below[k - 1].T
    diagonal = np.stack([whole[:, 3 * k : 3 * k + 3, 3 * k : 3 * k + 3] for k in range(4)], axis=1)
    right = rng.normal(size=(2, 12, 2))

    factor = factor_blocks(diagonal, below)

    inverse = np.linalg.inv(whole)
    assert factor.solve(right) == pytest.approx(inverse @ right)
    assert factor.variances() == pytest.approx(np.diagonal(inverse, axis1=1, axis2=2))
    assert factor.log_determinant() == pytest.approx(np.linalg.slogdet(whole)[1])
    half = factor.spread(np.broadcast_to(np.eye(12), (2, 12, 12)))
    assert half @ half.swapaxes(1, 2) == pytest.approx(inverse)
