"""How far counts shared out by surface may be from the truth.

People do not live evenly over a census area.  How unevenly is seen between neighbouring areas:
of two that touch, the share of people in one differs from its share of the surface.  When to
use it: beside every count that `interpolate_counts` gives.  When not: where counts by block are
known, which need no sharing out.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from labtools.errors import TableError

#: A share so near to all or nothing is all or nothing: edges drawn twice differ by metres.
_WHOLE = 0.999
_FEWEST_PAIRS = 10


def spread_of_density(counts: pd.Series, areas: gpd.GeoDataFrame, *, area_id: str) -> float:
    """Return how unevenly people live: 0 evenly, 1 all of them on one side.

    For two areas that touch, with share s of their joint surface and p of their people in one,
    it is the mean of (p − s)² / (s (1 − s)): the variance of a share, in units of that of a
    yes or no (the correlation inside a beta–binomial).  Between whole areas people live more
    unevenly than inside one, so that it errs on the side of caution.

    Parameters
    ----------
    counts : pandas.Series
        People by area, indexed by its key.
    areas : geopandas.GeoDataFrame
        Polygons with their key in `area_id`, in a projected reference system.

    Raises
    ------
    TableError
        If fewer than ten pairs of areas with people touch.
    """
    placed = areas[areas[area_id].isin(counts[counts > 0].index)]
    shapes = placed.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = one < other
    one, other = one[pairs], other[pairs]
    if len(one) < _FEWEST_PAIRS:
        raise TableError(
            "Only {n} pairs of census areas with people touch; at least {least} are needed to "
            "tell how unevenly people live. Load the areas of the whole municipality.",
            n=len(one),
            least=_FEWEST_PAIRS,
        )
    people = placed[area_id].map(counts).to_numpy(float)
    surface = shapely.area(shapes)
    p = people[one] / (people[one] + people[other])
    s = surface[one] / (surface[one] + surface[other])
    return float(np.clip(((p - s) ** 2 / (s * (1 - s))).mean(), 0, 1))


def interpolation_errors(
    counts: pd.Series, shares: pd.DataFrame, targets: pd.Index, *, spread: float
) -> pd.DataFrame:
    """Return the error of each count shared out, and limits that need no model.

    Parameters
    ----------
    counts : pandas.Series
        People by source area.
    shares : pandas.DataFrame
        As `shares_of_area` gives them.
    spread : float
        As `spread_of_density` gives it.

    Returns
    -------
    pandas.DataFrame
        Indexed by target: ``standard_error`` (people), ``certain`` (people of source areas that
        lie wholly inside) and ``possible`` (people of all that it meets).
    """
    source_id, target_id = shares.columns[:2]
    people = shares[source_id].map(counts).astype(float)
    share = shares["share"].where(shares["share"] < _WHOLE, 1.0)
    each = pd.DataFrame(
        {
            "variance": people**2 * share * (1 - share) * spread,
            "certain": people.where(share == 1.0, 0.0),
            "possible": people,
        }
    )
    summed = each.groupby(shares[target_id]).sum().reindex(targets, fill_value=0.0)
    return pd.DataFrame(
        {
            "standard_error": np.sqrt(summed["variance"]),
            "certain": summed["certain"],
            "possible": summed["possible"],
        }
    )
