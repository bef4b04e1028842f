"""Points of events: in degrees, the right way round, inside the country, and fine enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from pyproj import Transformer
from pyproj.exceptions import CRSError

from labtools.errors import SourceError
from labtools.sources.protocol import Intake

_NOT_EARTH = 180.0
#: From so many points on, a majority of bad ones is the file's fault and not a clerk's.
_MANY = 20
_MOST = 0.5
_COARSE_DECIMALS = 2
_ROUND_POINTS = 2
#: So seldom would chance alone write so many points with two decimals.
_RARE = 0.01


@dataclass(frozen=True, slots=True)
class Points:
    """Points of the rows of a table.

    Attributes
    ----------
    lon, lat : pandas.Series
        Degrees of WGS 84; missing where there is no point to trust.
    changed : mapping of str to int
        Why a written point is missing → rows.
    """

    lon: pd.Series
    lat: pd.Series
    changed: Mapping[str, int]


def read_points(intake: Intake, cells: pd.DataFrame) -> Points:
    """Return the points of a table; what cannot be one is missing, and counted.

    A point whose coordinates are swapped, outside the descriptor's ``bounds``, or written
    with two decimals (a kilometre) is not used: the written name may decide.

    Raises
    ------
    SourceError
        If that holds for most of the points: then the columns, their reference system or the
        export are wrong, and every colonia would lose its events.
    """
    column = intake.descriptor.column
    if not (column("lon") and column("lat")):
        none = pd.Series(float("nan"), index=cells.index)
        return Points(none, none.copy(), {})
    text = [cells[column(name)].fillna("").str.strip() for name in ("lon", "lat")]
    lon, lat = (pd.to_numeric(written, errors="coerce") for written in text)
    if intake.descriptor.file.crs:
        lon, lat = _in_degrees(intake, lon, lat)
    lon, lat = lon.where(lon.abs() <= _NOT_EARTH), lat.where(lat.abs() <= _NOT_EARTH)
    changed = {
        f"{name}_not_valid": int((written.ne("") & degrees.isna()).sum())
        for name, written, degrees in zip(("lon", "lat"), text, (lon, lat), strict=True)
    }
    why = _faults(intake, text, lon, lat)
    _refuse_most(intake, text, why)
    good = why.isna() | why.eq("not_valid")
    found = {str(reason): int(n) for reason, n in why[~good].value_counts().items()}
    return Points(lon.where(good), lat.where(good), {**changed, **found})


def _faults(intake: Intake, text: list[pd.Series], lon: pd.Series, lat: pd.Series) -> pd.Series:
    """Return why each written point is none to trust; missing for the others."""
    written = text[0].ne("") & text[1].ne("")
    zero = lon.eq(0) & lat.eq(0)
    why = pd.Series(None, index=lon.index, dtype="object")
    inside = _within(intake, lon, lat)
    why[written & ~inside & ~zero] = "point_outside_country"
    why[written & ~inside & _within(intake, lat, lon)] = "point_swapped"
    if not intake.descriptor.file.crs and int((written & ~zero).sum()) >= _MANY:
        why[_coarse(text, inside)] = "point_too_coarse"
    why[written & (lon.isna() | lat.isna())] = "not_valid"
    return why


def _within(intake: Intake, lon: pd.Series, lat: pd.Series) -> pd.Series:
    west, south, east, north = intake.descriptor.bounds
    return lon.between(west, east) & lat.between(south, north)


def _coarse(text: list[pd.Series], inside: pd.Series) -> pd.Series:
    """Return which points were written to a kilometre.

    A file that drops trailing zeros writes a fine point with two decimals now and then: of
    points with five, one in a million. So few are not the clerk's rounding, and are kept.
    Zeros put behind two decimals (20.560000) are no finer.
    """
    decimals = [_decimals(written) for written in text]
    coarse = inside & decimals[0].le(_COARSE_DECIMALS) & decimals[1].le(_COARSE_DECIMALS)
    bare = [_decimals(written.str.replace(r"0+$", "", regex=True)) for written in text]
    padded = inside & bare[0].le(_COARSE_DECIMALS) & bare[1].le(_COARSE_DECIMALS)
    # One or two round points are what an office types for a place that it does not know.
    if len(pd.concat(text, axis=1)[padded].drop_duplicates()) > _ROUND_POINTS:
        coarse |= padded
    usual = sum(float(places[inside].median()) for places in decimals if inside.any())
    dropped = 10 ** (2 * _COARSE_DECIMALS - usual) if usual > 2 * _COARSE_DECIMALS else 0.0
    explained = int(coarse.sum()) <= scipy.stats.poisson.isf(_RARE, dropped * float(inside.sum()))
    return coarse & (not explained)


def _decimals(text: pd.Series) -> pd.Series:
    point = text.str.find(".")
    return (text.str.len() - point - 1).where(point.ge(0), 0)


def _in_degrees(intake: Intake, lon: pd.Series, lat: pd.Series) -> tuple[pd.Series, pd.Series]:
    declared = intake.descriptor.file.crs
    try:
        transformer = Transformer.from_crs(declared, "EPSG:4326", always_xy=True)
    except CRSError as unknown:
        raise SourceError(
            "{path}: the “crs” of its descriptor, “{crs}”, is not a reference system. Write its "
            "EPSG code, for example EPSG:6372.",
            path=intake.path.name,
            crs=declared,
        ) from unknown
    x, y = transformer.transform(lon.to_numpy(float), lat.to_numpy(float))
    blank = (lon.isna() | lat.isna()).to_numpy() | ~np.isfinite(x) | ~np.isfinite(y)
    degrees = (np.where(blank, np.nan, x), np.where(blank, np.nan, y))
    return pd.Series(degrees[0], lon.index), pd.Series(degrees[1], lon.index)


def _refuse_most(intake: Intake, text: list[pd.Series], why: pd.Series) -> None:
    written = text[0].ne("") & text[1].ne("")
    bad = why[written].notna()
    if int(written.sum()) < _MANY or bad.mean() <= _MOST:
        return
    at = bad.idxmax()
    raise SourceError(
        "{path}: {n} of {total} points are not to be trusted, the first in row {row}: “{lon}”, "
        "“{lat}”. Expected degrees of WGS 84 inside the country, longitude in “{x}”, latitude in "
        "“{y}”, with five decimals. Correct the columns or “crs” in the descriptor, or ask the "
        "supplier for exact points.",
        path=intake.path.name,
        n=int(bad.sum()),
        total=int(written.sum()),
        row=int(str(at)) + 2 + intake.descriptor.file.header_row,
        lon=str(text[0][at]),
        lat=str(text[1][at]),
        x=intake.descriptor.column("lon"),
        y=intake.descriptor.column("lat"),
    )
