"""A run of any size: the demo's result tables, repeated for as many colonias as are asked for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import affinity

from labtools.tables.lineage import Lineage, code_digest
from labtools.tables.store import write_table

#: Degrees between one copy of the demo's municipality and the next.
_APART = 0.3
#: Columns that hold the key of a colonia, where the row is of one.
_KEYS = ("colonia_id", "area")
_COUNTS = ("events", "now", "before")
_OWN = {"area": ("area_kind", "colonia")}


def real_register() -> Path | None:
    """Return the register of the country's 74,226 colonias, where it is on this machine."""
    named = os.environ.get("LABTOOLS_REAL_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    path = folder / "mexico" / "DERIVED_colonias_mx_IMC2020.parquet"
    return path if path.is_file() else None


def grow(city: Path, target: Path, n: int) -> list[str]:
    """Write every table of `city` for `n` colonias below `target`; return their keys.

    Names, polygons and municipalities (as boroughs) are those of the real register where it is
    on this machine; else copies of the demo's municipality lie side by side.
    """
    base = sorted(gpd.read_parquet(city / "public" / "colonias_shown.parquet")["colonia_id"])
    copies = [base[: n - start] for start in range(0, n, len(base))]
    keys = [_key(one, copy) for copy, own in enumerate(copies) for one in own]
    lineage = Lineage("analyse", {}, "", code_digest())
    for path in sorted(city.glob("*/*.parquet")):
        reader = gpd.read_parquet if path.stem == "colonias_shown" else pd.read_parquet
        grown = _grown(reader(path), copies)
        if path.stem == "colonias_shown":
            grown = _as_registered(grown)
        write_table(path.stem, grown, target / path.parent.name, lineage=lineage)
    return keys


def _key(base: str, copy: int) -> str:
    return f"{int(base[:5]) + copy:05d}{base[5:]}"


def _grown(table: pd.DataFrame, copies: list[list[str]]) -> pd.DataFrame:
    column = next((name for name in _KEYS if name in table.columns), None)
    if column is None:  # of the municipality, which is as many times as large
        whole = {name: table[name] * len(copies) for name in _COUNTS if name in table.columns}
        return table.assign(**whole) if "group" in table.columns else table
    kind, colonia = _OWN.get(column, ("", ""))
    own = table[table[kind] == colonia] if kind else table
    parts = [table[table[kind] != colonia]] if kind else []
    for copy, keys in enumerate(copies):
        part = own[own[column].isin(keys)]
        known = part[column].map(lambda one, copy=copy: _key(one, copy)).astype(own[column].dtype)
        part = part.assign(**{column: known})
        if "geometry" in part.columns:
            east, south = divmod(copy, 14)
            moved = [affinity.translate(it, _APART * east, -_APART * south) for it in part.geometry]
            part = part.set_geometry(gpd.GeoSeries(moved, index=part.index, crs=part.crs))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _as_registered(shown: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    path = real_register()
    if path is None:
        return shown
    real = gpd.read_parquet(path, columns=["NOM_COLONIA", "NOM_MUN", "geometry"])
    real = real[: len(shown)].reset_index(drop=True)
    words = shown["name"].dtype
    return shown.assign(
        name=real["NOM_COLONIA"].astype(words), borough=real["NOM_MUN"].astype(words)
    ).set_geometry(real.geometry.to_crs(shown.crs))


def link(source: Path, target: Path) -> None:
    """Give a file a second name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def spread(keys: list[str], n: int) -> list[str]:
    """Return `n` keys from all over the register."""
    places = np.linspace(0, len(keys) - 1, min(n, len(keys))).astype(int)
    return [keys[place] for place in dict.fromkeys(places.tolist())]
