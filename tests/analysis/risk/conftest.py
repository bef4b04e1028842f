import numpy as np
import pytest
from scipy import sparse
from scipy.spatial import Delaunay


@pytest.fixture(scope="session")
def matrix():
    """Make a matrix of neighbours from pairs of positions."""

    def make(pairs, n) -> sparse.csr_array:
        one, other = np.asarray(pairs).T
        ends = (np.r_[one, other], np.r_[other, one])
        return sparse.csr_array((np.ones(len(ends[0])), ends), shape=(n, n))

    return make


@pytest.fixture(scope="session")
def chart(matrix):
    """Make random places in a square, and who is neighbour of whom."""

    def make(n, rng):
        places = rng.random((n, 2))
        sides = Delaunay(places).simplices
        pairs = np.vstack([sides[:, [0, 1]], sides[:, [1, 2]], sides[:, [0, 2]]])
        near = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T) < 4 / np.sqrt(n)
        return places, matrix(pairs[near], n)

    return make
