"""The register of colonias: keys, names and polygons, with indicators where the file has them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from labtools.errors import SourceError
from labtools.sources.files import read_areas, require_columns
from labtools.sources.protocol import Cleaned, Intake, dates, tidy
from labtools.tables.account import Account


def clean_colonias(intake: Intake) -> Cleaned:
    """Return the canonical tables ``colonias`` and ``indicators`` of a register.

    Broken polygons are repaired and counted; a feature without polygon is rejected.

    Raises
    ------
    SourceError
        If a key is missing or stands twice, or nothing matches ``where``.
    """
    areas = read_areas(intake.path, intake.descriptor.file)
    wanted = {**intake.descriptor.columns, **{name: name for name in intake.where}}
    require_columns(intake.path, areas, wanted)
    chosen = _chosen(intake, areas)
    _check_keys(intake, chosen)
    empty = chosen.geometry.isna() | chosen.geometry.is_empty
    kept = chosen[~empty]
    broken = ~kept.geometry.is_valid
    mended = kept.set_geometry(_mended(kept.geometry))
    account = Account(
        "clean",
        intake.source,
        read=len(areas),
        kept=len(kept),
        rejected={
            name: n
            for name, n in (
                ("of_another_municipality", len(areas) - len(chosen)),
                ("no_polygon", int(empty.sum())),
            )
            if n
        },
        changed={"polygon_repaired": int(broken.sum())} if broken.any() else {},
    )
    colonias = _register(intake, mended)
    indicators = _indicators(intake, mended, colonias)
    return Cleaned({"colonias": colonias, "indicators": indicators}, account)


def clean_ageb(intake: Intake) -> Cleaned:
    """Return the canonical table ``ageb`` (census areas) of a file of polygons."""
    areas = read_areas(intake.path, intake.descriptor.file)
    wanted = {**intake.descriptor.columns, **{name: name for name in intake.where}}
    require_columns(intake.path, areas, wanted)
    chosen = _chosen(intake, areas)
    _check_keys(intake, chosen)
    table = gpd.GeoDataFrame(
        {"ageb_id": tidy(chosen[intake.descriptor.column("id")]).to_numpy()},
        geometry=_mended(chosen.geometry).to_numpy(),
        crs=chosen.crs,
    )
    rejected = {"of_another_municipality": len(areas) - len(chosen)}
    account = Account(
        "clean",
        intake.source,
        read=len(areas),
        kept=len(chosen),
        rejected={name: n for name, n in rejected.items() if n},
    )
    return Cleaned({"ageb": table}, account)


def _chosen(intake: Intake, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    keep = np.ones(len(areas), bool)
    for column, value in intake.where.items():
        written = areas[column].astype("str")
        keep &= written.str.startswith(value[:-1]) if value.endswith("*") else written == value
    if not keep.any():
        raise SourceError(
            "{path} has no feature that matches {where}. Correct “where” in lab.toml.",
            path=intake.path.name,
            where=str(dict(intake.where)),
        )
    return areas[keep]


def _check_keys(intake: Intake, areas: gpd.GeoDataFrame) -> None:
    column = intake.descriptor.column("id")
    keys = tidy(areas[column].astype("str"))
    wrong = keys[keys.isna() | keys.duplicated()]
    if len(wrong):
        raise SourceError(
            "{path}: the key “{column}” must be there and be different in each feature; “{value}” "
            "is not ({n} cases). Ask the supplier for a corrected register.",
            path=intake.path.name,
            column=column,
            value=str(wrong.iloc[0]),
            n=len(wrong),
        )


def _mended(polygons: gpd.GeoSeries) -> gpd.GeoSeries:
    valid = polygons.make_valid()
    return valid.map(_only_polygons)


def _only_polygons(shape: shapely.Geometry) -> shapely.Geometry:
    if isinstance(shape, shapely.GeometryCollection):
        parts = [part for part in shape.geoms if "Polygon" in part.geom_type]
        return shapely.union_all(parts)
    return shape


def _register(intake: Intake, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    column = intake.descriptor.column
    blank = pd.Series(None, index=areas.index, dtype="str")

    def figures(ours: str) -> pd.Series:
        if not column(ours):
            return pd.Series(np.nan, index=areas.index)
        return pd.to_numeric(areas[column(ours)], errors="raise").astype(float)

    registered = column("registered_on")
    return gpd.GeoDataFrame(
        {
            "colonia_id": tidy(areas[column("id")].astype("str")),
            "name": tidy(areas[column("name")].astype("str")).fillna("—"),
            "borough": tidy(areas[column("borough")]) if column("borough") else blank,
            "population": figures("population"),
            "dwellings": figures("dwellings"),
            "registered_on": (
                dates(areas[registered].astype("str"), "%Y-%m-%d")
                if registered
                else pd.Series(pd.NaT, index=areas.index)
            ),
            "geometry": areas.geometry,
        },
        crs=areas.crs,
    ).reset_index(drop=True)


def _indicators(intake: Intake, areas: gpd.GeoDataFrame, colonias: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for indicator in intake.descriptor.indicator:
        require_columns(intake.path, areas, {indicator.key: indicator.numerator[0]})
        value = pd.to_numeric(areas[indicator.numerator[0]]).astype(float).reset_index(drop=True)
        weight = colonias["population"].where(value.notna())
        average = (value * weight).sum() / weight.sum() if weight.sum() > 0 else np.nan
        parts.append(
            pd.DataFrame(
                {
                    "colonia_id": colonias["colonia_id"],
                    "indicator": indicator.key,
                    "label": indicator.label,
                    "value": value,
                    "municipality": average,
                    "unit": indicator.unit,
                    "source": intake.source,
                }
            )
        )
    if not parts:
        columns = ["colonia_id", "indicator", "label", "value", "municipality", "unit", "source"]
        return pd.DataFrame({name: pd.Series([], dtype="str") for name in columns})
    return pd.concat(parts, ignore_index=True)
