"""The register of colonias: keys, names and polygons, with indicators where the file has them."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from labtools.errors import SourceError
from labtools.sources.areas import read_areas
from labtools.sources.figures import counts, missing_by_reason, refuse_no_percentage
from labtools.sources.files import require_columns
from labtools.sources.protocol import (
    Cleaned,
    Intake,
    dates,
    keys,
    matching,
    numbers,
    require_described,
    tidy,
)
from labtools.sources.topology import check_topology
from labtools.tables.account import Account

_ENCODED_TWICE = r"[ÃÂ][\u0080-\u00bf‘’“”•–—˜™š›œžŸ€‚ƒ„…†‡ˆ‰Š‹Œ]|�"


def clean_colonias(intake: Intake) -> Cleaned:
    """Return the canonical tables ``colonias`` and ``indicators`` of a register.

    Broken polygons are repaired and counted; a feature without polygon is rejected.

    Raises
    ------
    SourceError
        If a key is missing, is no key or stands twice, a figure is no count, a name was
        encoded twice, polygons are drawn twice or overlap grossly, nothing matches ``where``,
        or there is no polygon at all.
    """
    areas, account = _areas(intake, "id", "name")
    _refuse_encoded_twice(intake, areas, intake.descriptor.column("name"))
    findings = check_topology(intake, areas)
    colonias = _register(intake, areas)
    indicators = _indicators(intake, areas, colonias)
    why = missing_by_reason(intake, areas, _columns_of_figures(intake))
    account = replace(account, changed={**account.changed, **why})
    return Cleaned({"colonias": colonias, "indicators": indicators}, account, findings)


def clean_ageb(intake: Intake) -> Cleaned:
    """Return the canonical table ``ageb`` (census areas) of a file of polygons.

    Raises
    ------
    SourceError
        As for a register of colonias.
    """
    areas, account = _areas(intake, "id")
    findings = check_topology(intake, areas)
    table = gpd.GeoDataFrame(
        {"ageb_id": tidy(areas[intake.descriptor.column("id")].astype("str")).to_numpy()},
        geometry=areas.geometry.to_numpy(),
        crs=areas.crs,
    )
    return Cleaned({"ageb": table}, account, findings)


def _areas(intake: Intake, *needed: str) -> tuple[gpd.GeoDataFrame, Account]:
    """Return the features wanted, with whole polygons, and the account of all features."""
    areas = read_areas(intake.path, intake.descriptor.file)
    require_described(intake, *needed)
    require_columns(intake.path, areas, intake.descriptor.columns)
    chosen = areas[matching(intake, areas)]
    _check_keys(intake, chosen)
    _refuse_elsewhere(intake, chosen)
    mended = _mended(chosen.geometry)
    kept = chosen.set_geometry(mended)[~(mended.isna() | mended.is_empty)]
    if kept.empty:
        raise SourceError(
            "{path} has {n} features and none has a polygon. Ask the supplier for the areas "
            "themselves, not for their centres or their list.",
            path=intake.path.name,
            n=len(chosen),
        )
    rejected = {
        "of_another_municipality": len(areas) - len(chosen),
        "no_polygon": len(chosen) - len(kept),
    }
    repaired = int((~chosen.geometry[kept.index].is_valid).sum())
    account = Account(
        "clean",
        intake.source,
        read=len(areas),
        kept=len(kept),
        rejected={name: n for name, n in rejected.items() if n},
        changed={"polygon_repaired": repaired} if repaired else {},
    )
    return kept, account


def _refuse_elsewhere(intake: Intake, areas: gpd.GeoDataFrame) -> None:
    """Refuse polygons outside the country: degrees that are none put them in the ocean."""
    west, south, east, north = intake.descriptor.bounds
    drawn = areas[~(areas.geometry.isna() | areas.geometry.is_empty)]
    box = drawn.geometry.bounds
    inside = box["minx"].ge(west) & box["maxx"].le(east)
    inside &= box["miny"].ge(south) & box["maxy"].le(north)
    if not inside.all():
        first = inside.idxmin()
        raise SourceError(
            "{path}: {n} of {total} polygons reach outside the country, the first is “{value}” at "
            "{lon}, {lat}. Correct “crs” under [file] in the descriptor, or its “bounds”, or ask "
            "the supplier for the reference system.",
            path=intake.path.name,
            n=int((~inside).sum()),
            total=len(inside),
            value=str(drawn.loc[first, intake.descriptor.column("id")]),
            lon=f"{box.loc[first, 'minx']:.4f}",
            lat=f"{box.loc[first, 'miny']:.4f}",
        )


def _check_keys(intake: Intake, areas: gpd.GeoDataFrame) -> None:
    column = intake.descriptor.column("id")
    written = areas[column].astype("str")
    key, _ = keys(written)
    wrong = written[key.isna() | key.duplicated()]
    if len(wrong):
        raise SourceError(
            "{path}: the key “{column}” must be there, made of letters, digits, - and _, and "
            "different in each feature; “{value}” is not ({n} cases). Ask the supplier for a "
            "corrected register.",
            path=intake.path.name,
            column=column,
            value=wrong.fillna("").iloc[0],
            n=len(wrong),
        )


def _mended(polygons: gpd.GeoSeries) -> gpd.GeoSeries:
    return gpd.GeoSeries(polygons.make_valid().map(_only_polygons), crs=polygons.crs)


def _only_polygons(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    """Leave out the points and lines that repairing a polygon may leave beside it."""
    if shape is None or shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    parts = [part for part in shapely.get_parts(shape) if "Polygon" in part.geom_type]
    return shapely.union_all(parts)


def _register(intake: Intake, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    column = intake.descriptor.column
    blank = pd.Series(None, index=areas.index, dtype="str")
    return gpd.GeoDataFrame(
        {
            "colonia_id": tidy(areas[column("id")].astype("str")),
            "name": tidy(areas[column("name")].astype("str")).fillna("—"),
            "borough": tidy(areas[column("borough")].astype("str")) if column("borough") else blank,
            "population": _counts(intake, areas, "population"),
            "dwellings": _counts(intake, areas, "dwellings"),
            "registered_on": _days(intake, areas, column("registered_on")),
            "geometry": areas.geometry,
        },
        crs=areas.crs,
    ).reset_index(drop=True)


def _columns_of_figures(intake: Intake) -> list[str]:
    ours = map(intake.descriptor.column, ("population", "dwellings"))
    return [*filter(None, ours), *(it.numerator[0] for it in intake.descriptor.indicator)]


def _days(intake: Intake, areas: gpd.GeoDataFrame, column: str) -> pd.Series:
    if not column:
        return pd.Series(pd.NaT, index=areas.index)
    typed = pd.api.types.is_datetime64_any_dtype(areas[column])
    form = "%Y-%m-%d" if typed else intake.descriptor.date_format
    return dates(areas[column].astype("str"), form)


def _counts(intake: Intake, areas: gpd.GeoDataFrame, ours: str) -> pd.Series:
    column = intake.descriptor.column(ours)
    if not column:
        return pd.Series(np.nan, index=areas.index)
    return counts(intake, areas, column, ours)


def _refuse_encoded_twice(intake: Intake, areas: gpd.GeoDataFrame, column: str) -> None:
    names = areas[column].astype("str")
    wrong = names[names.str.contains(_ENCODED_TWICE, regex=True).fillna(value=False).astype(bool)]
    if len(wrong):
        raise SourceError(
            "{path}, column “{column}”: the name “{value}” was encoded twice or lost a letter ({n} "
            "names), and fits no written one. Ask the supplier to export the file in UTF-8.",
            path=intake.path.name,
            column=column,
            value=wrong.iloc[0],
            n=len(wrong),
        )


def _figures(intake: Intake, areas: gpd.GeoDataFrame, column: str) -> pd.Series:
    if not column:
        return pd.Series(np.nan, index=areas.index)
    if pd.api.types.is_numeric_dtype(areas[column]):
        return areas[column].astype(float)
    return numbers(intake, areas, column)


def _indicators(intake: Intake, areas: gpd.GeoDataFrame, colonias: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for indicator in intake.descriptor.indicator:
        require_columns(intake.path, areas, {indicator.key: indicator.numerator[0]})
        figures = _figures(intake, areas, indicator.numerator[0])
        if indicator.unit == "%":
            refuse_no_percentage(intake, figures, indicator.numerator[0])
        value = figures.reset_index(drop=True)
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
