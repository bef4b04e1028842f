"""Polygons of a register against each other: drawn twice, or one over another."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from labtools.errors import SourceError
from labtools.findings import Finding, Severity
from labtools.messages import plural
from labtools.sources.protocol import Intake

#: Share of the register's ground that may lie in two colonias; CONAPO's registers have 0.1 %.
MAXIMUM_OVERLAP = 0.05
#: Square metres are not needed: a sliver is a sliver in degrees too.
_SLIVER = 0.01
#: Metres: what a street keeps apart lies side by side.
_STREET = 15.0
_METRES_OF_DEGREE = 111_320.0


def check_topology(intake: Intake, areas: gpd.GeoDataFrame) -> tuple[Finding, ...]:
    """Refuse polygons drawn twice or gross overlaps; tell of the smaller ones.

    Where two polygons overlap a point counts in the smaller one only.

    Raises
    ------
    SourceError
        If two features have the same polygon, or more than `MAXIMUM_OVERLAP` of the ground
        lies in two of them (a feature of the whole municipality among its colonias).
    """
    shapes = areas.geometry.to_numpy()
    keys = areas[intake.descriptor.column("id")].astype("str").to_numpy()
    _refuse_drawn_twice(intake, shapes, keys)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    common = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    area = shapely.area(shapes)
    share = common / np.minimum(area[one], area[other])
    if common.sum() > MAXIMUM_OVERLAP * area.sum():
        worst = int(np.argmax(common))
        raise SourceError(
            "{path}: {share} % of the ground lies in two features at once, most of it in {one} and "
            "{other} ({n} pairs). Is one of them the whole municipality, or an older edition? Ask "
            "the supplier for polygons that do not overlap.",
            path=intake.path.name,
            share=round(100 * float(common.sum() / area.sum())),
            one=keys[one[worst]],
            other=keys[other[worst]],
            n=int((share > _SLIVER).sum()),
        )
    pairs = int((share > _SLIVER).sum())
    overlaps = (_finding(intake, pairs),) if pairs else ()
    return (*overlaps, *_alone(intake, areas, keys))


def _alone(intake: Intake, areas: gpd.GeoDataFrame, keys: np.ndarray) -> tuple[Finding, ...]:
    """Tell of the polygons that lie away from all others, of a register with several."""
    geographic = areas.crs is not None and areas.crs.is_geographic
    shapes = areas.geometry.to_numpy()
    reach = _STREET / _METRES_OF_DEGREE if geographic else _STREET
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=reach)
    alone = np.setdiff1d(np.arange(len(shapes)), one[one != other])
    if not len(alone) or len(shapes) == 1:
        return ()
    sentence = plural(
        "{source}: a polygon lies away from all others, {first}: it has no neighbours to borrow "
        "from. Was a part of the register left out?",
        "{source}: {n} polygons lie away from all others, the first is {first}: they have no "
        "neighbours to borrow from. Was a part of the register left out?",
    )
    facts = {"source": intake.source, "n": len(alone), "first": str(keys[alone[0]])}
    return (Finding(sentence, Severity.NOTE, facts),)


def _refuse_drawn_twice(intake: Intake, shapes: np.ndarray, keys: np.ndarray) -> None:
    drawn = pd.Series(shapely.to_wkb(shapely.normalize(shapes)))
    again = drawn.duplicated(keep=False)
    if again.any():
        first = drawn[again].iloc[0]
        same = keys[(drawn == first).to_numpy()]
        raise SourceError(
            "{path}: the features {one} and {other} have the same polygon ({n} features are drawn "
            "twice), so that nobody knows whose its events are. Ask the supplier which one holds.",
            path=intake.path.name,
            one=same[0],
            other=same[1],
            n=int(drawn.duplicated().sum()),
        )


def _finding(intake: Intake, pairs: int) -> Finding:
    sentence = plural(
        "{source}: two polygons overlap; a point in both counts in the smaller one.",
        "{source}: {n} pairs of polygons overlap; a point in both counts in the smaller one.",
    )
    return Finding(sentence, Severity.NOTE, {"source": intake.source, "n": pairs})
