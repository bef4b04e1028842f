"""The ground of the municipality: blocks, and the colonias and AGEBs that blocks add up to.

Blocks are the cells of a Voronoi diagram.  Colonias and AGEBs are two different ways of
joining blocks, so neither nests in the other, neighbours share their edges exactly, and
whatever is counted by block adds up to both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
import shapely
from pyproj import Transformer

CRS = "EPSG:6372"
CENTRE = (-100.39, 20.59)
N_COLONIAS = 412
N_AGEBS = 260
N_BOROUGHS = 7
N_BLOCKS = 4_800
N_GAPS = 9  # territories that belong to no colonia
SHARE_OUTSIDE = 0.03
OUTSIDE = -1
HALF_WIDTH, HALF_HEIGHT = 9_000.0, 7_000.0
CENTRE_REACH = 2_200.0  # of the delegación in the middle


@dataclass(frozen=True, slots=True)
class Ground:
    """Where everything is, in metres (EPSG:6372).

    Attributes
    ----------
    blocks : pandas.DataFrame, shape (n_blocks, 5)
        ``x``, ``y`` (centre), ``area`` (square metres), ``colonia`` and ``ageb`` (positions
        in the two lists below; colonia is -1 outside every colonia).
    colonias, agebs : ndarray of shapely.Polygon
        Shapes, shape (412,) and (260,).
    boroughs : ndarray of int, shape (412,)
        The delegación (0 to 6) of each colonia.
    neighbours : scipy.sparse.csr_array of bool, shape (412, 412)
        Which colonias share an edge.
    corners : ndarray, shape (n_triangles, 3, 2)
        The blocks cut in triangles, to scatter points in them.
    triangle_block : ndarray of int, shape (n_triangles,)
        The block of each triangle.
    """

    blocks: pd.DataFrame
    colonias: np.ndarray
    agebs: np.ndarray
    boroughs: np.ndarray
    neighbours: scipy.sparse.csr_array
    corners: np.ndarray
    triangle_block: np.ndarray

    @property
    def centres(self) -> np.ndarray:
        """A point inside each colonia, near its middle; shape (412, 2)."""
        return np.asarray(shapely.get_coordinates(shapely.point_on_surface(self.colonias)))


def lay_out(rng: np.random.Generator) -> Ground:
    """Return the ground of a municipality of about 18 by 14 km."""
    cells, edges = _cells(_block_points(rng))
    polygons = np.array([shapely.Polygon(cell) for cell in cells])
    blocks = pd.DataFrame(shapely.get_coordinates(shapely.centroid(polygons)), columns=["x", "y"])
    blocks["area"] = shapely.area(polygons)
    roads = _roads(blocks, edges, rng)
    territory = _grow(roads, _seeds(blocks, N_COLONIAS + N_GAPS, rng))
    blocks["ageb"] = _grow(roads, _seeds(blocks, N_AGEBS, rng))
    territory = _open_gaps(blocks, territory)
    boroughs = _boroughs(blocks, territory)
    blocks["colonia"], order = _in_reading_order(blocks, territory, boroughs)
    corners, triangle_block = _triangles(cells)
    return Ground(
        blocks=blocks,
        colonias=_joined(polygons, blocks["colonia"].to_numpy(), N_COLONIAS),
        agebs=_joined(polygons, blocks["ageb"].to_numpy(), N_AGEBS),
        boroughs=boroughs[order],
        neighbours=_neighbours(blocks["colonia"].to_numpy(), edges),
        corners=corners,
        triangle_block=triangle_block,
    )


def centre_point() -> np.ndarray:
    """Return the middle of the municipality in metres, shape (2,)."""
    return np.array(Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(*CENTRE))


def degrees(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return longitude and latitude of points in metres."""
    longitude, latitude = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(longitude), np.asarray(latitude)


def scatter(
    ground: Ground, colonia: np.ndarray, weight: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return one point inside each of the colonias listed.

    Parameters
    ----------
    ground : Ground
        Where the colonias are.
    colonia : ndarray of int, shape (n_points,)
        Position of the colonia in which each point must fall.
    weight : ndarray, shape (n_blocks,)
        How much each square metre of a block attracts points.
    rng : numpy.random.Generator
        The stream of chance.

    Returns
    -------
    ndarray, shape (n_points, 2)
        In metres.
    """
    home = ground.blocks["colonia"].to_numpy()[ground.triangle_block]
    order = np.argsort(home, kind="stable")
    pull = _areas(ground.corners) * weight[ground.triangle_block]
    ladder = np.concatenate([[0.0], np.cumsum(pull[order])])
    first = ladder[np.searchsorted(home[order], colonia, side="left")]
    last = ladder[np.searchsorted(home[order], colonia, side="right")]
    aim = first + rng.random(len(colonia)) * (last - first)
    triangle = ground.corners[order[np.searchsorted(ladder, aim, side="right") - 1]]
    along, across = np.sqrt(rng.random((len(colonia), 1))), rng.random((len(colonia), 1))
    far_side = (1 - across) * triangle[:, 1] + across * triangle[:, 2]
    return np.asarray((1 - along) * triangle[:, 0] + along * far_side)


def _block_points(rng: np.random.Generator) -> np.ndarray:
    """Block centres, dense in the middle; those of the surroundings come last."""
    tries = rng.uniform(-1.35, 1.35, size=(60_000, 2)) * (HALF_WIDTH, HALF_HEIGHT)
    distance = np.hypot(*tries.T)
    wanted = rng.random(len(tries)) < 0.16 + 0.84 / (1 + (distance / 2_600) ** 2)
    tries = tries[wanted]
    inside = _inside_outline(tries)
    within, around = tries[inside][:N_BLOCKS], tries[~inside]
    # One step of Lloyd's relaxation keeps the density and removes slivers.
    cells, _ = _cells(np.vstack([within, around]), n_inside=len(within))
    relaxed = np.array([cell.mean(axis=0) for cell in cells])
    return np.asarray(np.vstack([relaxed, around]) + centre_point())


def _inside_outline(points: np.ndarray) -> np.ndarray:
    angle = np.arctan2(points[:, 1] / HALF_HEIGHT, points[:, 0] / HALF_WIDTH)
    reach = 0.94 + 0.06 * np.sin(3 * angle + 0.7) + 0.04 * np.cos(7 * angle)
    return np.asarray(np.hypot(points[:, 0] / HALF_WIDTH, points[:, 1] / HALF_HEIGHT) < reach)


def _cells(points: np.ndarray, *, n_inside: int = N_BLOCKS) -> tuple[list[np.ndarray], np.ndarray]:
    diagram = scipy.spatial.Voronoi(points)
    cells = []
    for point, region in zip(points[:n_inside], diagram.point_region[:n_inside], strict=True):
        corners = diagram.vertices[diagram.regions[region]]
        arms = corners - point
        cells.append(corners[np.argsort(np.arctan2(arms[:, 1], arms[:, 0]))])
    edges = diagram.ridge_points
    return cells, edges[(edges < n_inside).all(axis=1)]


def _roads(
    blocks: pd.DataFrame, edges: np.ndarray, rng: np.random.Generator
) -> scipy.sparse.csr_array:
    """How hard it is to go from a block to the next; uneven, so that borders are irregular."""
    places = blocks[["x", "y"]].to_numpy()
    steps = np.hypot(*(places[edges[:, 0]] - places[edges[:, 1]]).T)
    steps = steps * rng.uniform(0.7, 1.3, len(steps))
    n = len(blocks)
    return scipy.sparse.coo_array((steps, (edges[:, 0], edges[:, 1])), shape=(n, n)).tocsr()


def _seeds(blocks: pd.DataFrame, n: int, rng: np.random.Generator) -> np.ndarray:
    """Different blocks, spread as the blocks are."""
    places = blocks[["x", "y"]].to_numpy()
    seeds = places[rng.choice(len(places), n, replace=False)]
    for _ in range(2):
        nearest = scipy.spatial.cKDTree(seeds).query(places)[1]
        sums = np.column_stack([np.bincount(nearest, places[:, k], n) for k in (0, 1)])
        count = np.bincount(nearest, minlength=n)[:, None]
        seeds = np.where(count > 0, sums / np.maximum(count, 1), seeds)
    chosen = np.unique(scipy.spatial.cKDTree(places).query(seeds)[1])
    spare = np.setdiff1d(rng.permutation(len(places))[: 2 * n], chosen, assume_unique=True)
    return np.concatenate([chosen, spare[: n - len(chosen)]])


def _grow(roads: scipy.sparse.csr_array, seeds: np.ndarray) -> np.ndarray:
    """Give each block to the seed from which it is easiest to reach: territories hold together."""
    nearest = scipy.sparse.csgraph.dijkstra(
        roads, directed=False, indices=seeds, min_only=True, return_predecessors=True
    )[2]
    return np.asarray(np.searchsorted(np.sort(seeds), nearest))


def _open_gaps(blocks: pd.DataFrame, territory: np.ndarray) -> np.ndarray:
    """Territories numbered from 0; -1 for the few that will belong to no colonia."""
    area = np.bincount(territory, blocks["area"])
    distance = np.hypot(*(blocks[["x", "y"]].to_numpy() - centre_point()).T)
    far = np.bincount(territory, distance) / np.bincount(territory) > HALF_HEIGHT / 2
    unlike = np.abs(area - SHARE_OUTSIDE * area.sum() / N_GAPS)
    gaps = np.argsort(np.where(far, unlike, np.inf))[:N_GAPS]
    number = np.cumsum(~np.isin(np.arange(len(area)), gaps)) - 1
    number[gaps] = OUTSIDE
    return np.asarray(number[territory])


def _boroughs(blocks: pd.DataFrame, territory: np.ndarray) -> np.ndarray:
    """One delegación in the middle, the others around it."""
    inside = blocks[territory != OUTSIDE].groupby(territory[territory != OUTSIDE])
    arms = inside[["x", "y"]].mean().to_numpy() - centre_point()
    around = ((np.arctan2(arms[:, 1], arms[:, 0]) / (2 * np.pi)) % 1 * (N_BOROUGHS - 1)).astype(int)
    return np.asarray(np.where(np.hypot(*arms.T) < CENTRE_REACH, 0, around + 1))


def _in_reading_order(
    blocks: pd.DataFrame, territory: np.ndarray, boroughs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Colonias numbered by delegación and then in rows, as a register would."""
    inside = blocks[territory != OUTSIDE].groupby(territory[territory != OUTSIDE])
    middle = inside[["x", "y"]].mean().to_numpy()
    order = np.lexsort((middle[:, 0], -middle[:, 1] // 1_200, boroughs))
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    return np.where(territory == OUTSIDE, OUTSIDE, rank[territory]), order


def _joined(polygons: np.ndarray, group: np.ndarray, n: int) -> np.ndarray:
    return np.array([shapely.coverage_union_all(polygons[group == k]) for k in range(n)])


def _neighbours(colonia: np.ndarray, edges: np.ndarray) -> scipy.sparse.csr_array:
    pairs = colonia[edges]
    pairs = pairs[(pairs != OUTSIDE).all(axis=1) & (pairs[:, 0] != pairs[:, 1])]
    both = np.vstack([pairs, pairs[:, ::-1]])
    ones = np.ones(len(both), dtype=bool)
    return (
        scipy.sparse.coo_array((ones, both.T), shape=(N_COLONIAS, N_COLONIAS)).tocsr().astype(bool)
    )


def _triangles(cells: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Cells are convex: a fan from one corner cuts them in triangles."""
    corners = [
        np.stack([np.broadcast_to(cell[0], cell[1:-1].shape), cell[1:-1], cell[2:]], axis=1)
        for cell in cells
    ]
    block = np.repeat(np.arange(len(cells)), [len(fan) for fan in corners])
    return np.concatenate(corners), block


def _areas(corners: np.ndarray) -> np.ndarray:
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]) / 2)
