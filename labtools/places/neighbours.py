"""Which colonias are neighbours: those that touch, or that only a street keeps apart."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import scipy
import shapely

#: Metres: registers draw neighbours with a street between them, or with edges that miss.
STREET = 15.0


def find_neighbours(
    colonias: gpd.GeoDataFrame, crs: str, *, within: float = STREET
) -> scipy.sparse.csr_array:
    """Return the matrix of neighbours, in the order of the register.

    Parameters
    ----------
    colonias : geopandas.GeoDataFrame, shape (n, ...)
        Canonical table ``colonias``.
    crs : str
        Projected coordinate reference system, in metres.
    within : float
        Metres between two neighbours, at most.

    Returns
    -------
    scipy.sparse.csr_array of float, shape (n, n)
        One where two are neighbours; symmetric, without diagonal.  A colonia without shape
        has no neighbour.
    """
    shapes = colonias.geometry.to_crs(crs).to_numpy()
    drawn = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    tree = shapely.STRtree(shapes[drawn])
    one, other = tree.query(shapes[drawn], predicate="dwithin", distance=within)
    apart = one != other
    ends = (drawn[one[apart]], drawn[other[apart]])
    n = len(colonias)
    return scipy.sparse.csr_array((np.ones(int(apart.sum())), ends), shape=(n, n))
