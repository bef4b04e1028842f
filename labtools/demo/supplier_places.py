"""Files about places: colonias, AGEBs and the census, as their suppliers write them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from labtools.demo.chance import generator
from labtools.demo.city import City
from labtools.demo.ground import degrees
from labtools.demo.names import BOROUGHS, MUNICIPALITY, NO_PLACES, STATE
from labtools.demo.people import COUNTS, KEY

LOCALITY = "0001"
MASK, UNKNOWN = "*", "N/D"
SMALLEST_SHOWN = 3  # inhabited dwellings; below, the census hides all but three columns
ALWAYS_SHOWN = ("POBTOT", "VIVTOT", "TVIVHAB")
UNKNOWN_SHARE = 0.004
DECIMALS = 7  # of a degree: one centimetre
MEASURES = (*COUNTS[:5], "GRAPROES", *COUNTS[5:])


def write_colonias(city: City, path: Path) -> None:
    """Write the register of colonias (GeoJSON, longitude and latitude)."""
    colonias, rng = city.people.colonias, generator(city.seed, "register")
    day = np.datetime64("1975-01-01") + rng.integers(0, 16_000, len(colonias))
    late = rng.choice(len(colonias), 10, replace=False)
    day[late] = np.datetime64("2021-01-01") + rng.integers(0, 900, len(late))
    rows = [
        {
            "CVE_COL": row.colonia_id,
            "NOM_COLONIA": row.name,
            "DELEGACION": BOROUGHS[row.borough],
            "VIV_HAB": row.dwellings,
            "ALTA": str(day[k]),
        }
        for k, row in enumerate(colonias.itertuples(index=False))
    ]
    _write_geojson(rows, city.ground.colonias, path)


def write_agebs(city: City, path: Path) -> None:
    """Write the AGEBs of the census (GeoJSON, longitude and latitude)."""
    rows = [{"CVEGEO": f"{KEY}{LOCALITY}{code}"} for code in ageb_codes(len(city.ground.agebs))]
    _write_geojson(rows, city.ground.agebs, path)


def write_census(city: City, path: Path) -> None:
    """Write the census by block, totals as rows and small figures hidden."""
    rng = generator(city.seed, "census_quirks")
    blocks = city.people.census.assign(ageb=city.ground.blocks["ageb"])
    blocks["MZA"] = blocks.groupby("ageb").cumcount() + 1
    codes = np.array(ageb_codes(len(city.ground.agebs)))
    detail = blocks.assign(AGEB=codes[blocks["ageb"]], NOM_LOC=MUNICIPALITY)
    by_ageb = _added_up(blocks, "ageb").assign(AGEB=codes, MZA=0, NOM_LOC="Total AGEB urbana")
    rows = pd.concat([by_ageb, detail]).sort_values(["AGEB", "MZA"], kind="stable")
    rows = pd.concat([_grand_totals(blocks), rows], ignore_index=True)
    _as_published(rows, rng).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def write_names(_: City, path: Path) -> None:
    """Write what the lab decided about names that suppliers write and that are no colonia."""
    header = "cve_col,nombre_escrito,delegacion,desde,hasta,motivo"
    rows = [f",{name},,,,se decidió que no es una colonia" for name in NO_PLACES]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def ageb_codes(n: int) -> list[str]:
    """Return the codes of `n` AGEBs: three figures and a check character that may be A."""
    return [f"{3 + k + k // 9:03d}{'0123456789A'[(7 * k + 5) % 11]}" for k in range(n)]


def _write_geojson(rows: Sequence[Mapping[str, object]], shapes: np.ndarray, path: Path) -> None:
    in_degrees = shapely.transform(
        shapely.orient_polygons(shapes),
        lambda places: np.column_stack(degrees(places[:, 0], places[:, 1])).round(DECIMALS),
    )
    features = [
        {"type": "Feature", "properties": row, "geometry": shapely.geometry.mapping(shape)}
        for row, shape in zip(rows, in_degrees, strict=True)
    ]
    collection = {"type": "FeatureCollection", "features": features}
    content = json.dumps(collection, ensure_ascii=False, separators=(",", ":"))
    path.write_text(content + "\n", encoding="utf-8")


def _added_up(blocks: pd.DataFrame, by: str) -> pd.DataFrame:
    sums = blocks.groupby(by)[list(COUNTS)].sum()
    schooling = (blocks["GRAPROES"] * blocks["POBTOT"]).groupby(blocks[by]).sum()
    sums["GRAPROES"] = (schooling / sums["POBTOT"].where(sums["POBTOT"] > 0)).round(2)
    return sums.reset_index(drop=True)


def _grand_totals(blocks: pd.DataFrame) -> pd.DataFrame:
    """State, municipality and locality; the first two hold places that the file does not."""
    locality = _added_up(blocks.assign(all=0), "all")
    rows = []
    for name, times, key in (
        ("Total de la entidad", 3.1, ("000", "0000")),
        ("Total del municipio", 1.02, (KEY[2:], "0000")),
        ("Total de la localidad urbana", 1.0, (KEY[2:], LOCALITY)),
    ):
        row = locality.copy()
        row[list(COUNTS)] = (row[list(COUNTS)] * times).round().astype(int)
        rows.append(row.assign(NOM_LOC=name, MUN=key[0], LOC=key[1], AGEB="0000", MZA=0))
    return pd.concat(rows, ignore_index=True)


def _as_published(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    hidden = (rows["TVIVHAB"] < SMALLEST_SHOWN).to_numpy()
    table = pd.DataFrame({"ENTIDAD": KEY[:2], "NOM_ENT": STATE}, index=rows.index)
    table["MUN"] = rows["MUN"].fillna(KEY[2:])
    table["NOM_MUN"] = np.where(table["MUN"] == "000", "Total de la entidad", MUNICIPALITY)
    table["LOC"] = rows["LOC"].fillna(LOCALITY)
    table["NOM_LOC"] = rows["NOM_LOC"]
    table["AGEB"] = rows["AGEB"]
    table["MZA"] = rows["MZA"].map("{:03d}".format)
    for name in MEASURES:
        values = rows[name].map("{:.2f}".format if name == "GRAPROES" else "{:d}".format)
        if name not in ALWAYS_SHOWN:
            values = values.mask(hidden, MASK)
        table[name] = values
    for name in ("GRAPROES", "VPH_INTER"):
        lost = (rng.random(len(rows)) < UNKNOWN_SHARE) & ~hidden & (rows["MZA"] > 0).to_numpy()
        table.loc[lost, name] = UNKNOWN
    return table
