"""A small released edition: twelve square colonias with every state that a reader can meet.

Zero (C01), missing (C08), withheld (C07, robbery), no ficha (C12), two colonias of one name
(C02, C11), and a name that tries to be a script (C05).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import pandas as pd
from shapely.geometry import box

from labtools.narrative import sentences
from labtools.publish.open_data import HOLDS
from labtools.publish.site import build_site
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.lineage import Lineage
from labtools.tables.released import Released, seal_of, slug, write_ficha
from labtools.tables.store import write_table
from tests.publish.evaluation_example import evaluation_tables
from tests.publish.released_example import released_tables

HOSTILE = "<img src=x onerror=\"document.title='hacked'\"> & Hijos"
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "C01": "Las Peñas",
        "C02": "San José",
        "C03": "Álamos",
        "C04": "El Rocío",
        "C05": HOSTILE,
        "C06": "Lomas del Marqués",
        "C07": "La Cañada",
        "C08": "Desarrollo Nuevo",
        "C09": "Centro",
        "C10": "Carretas",
        "C11": "San José",
        "C12": "Ejido Viejo",
    }
)
BOROUGHS = ("Centro Histórico", "Félix Osores", "Cayetano Rubio")
GROUPS = ("violence", "robbery", "theft", "other", "total")
EMPTY, WITHHELD, WITHOUT_FICHA = "C08", ("C07", "robbery"), "C12"
YEARS = 3_100.0
QUARTERS = pd.date_range("2022-10-01", periods=13, freq="QS")
LINEAGE = Lineage("protect", {}, "", "")


def write_edition(public: Path) -> Path:
    """Write the edition into `public` (a folder of that name) and return it."""
    tables = edition()
    (public / "fichas").mkdir(parents=True)
    for name, table in tables.items():
        write_table(name, table, public / "tables", lineage=LINEAGE)
    for colonia_id in NAMES:
        if colonia_id != WITHOUT_FICHA:
            sliced = ficha_tables(tables, colonia_id)
            ficha = Released(colonia_id, sliced, seal_of(sliced))
            write_ficha(ficha, public / "fichas" / f"{slug(colonia_id)}.json")
    build_site(public, public / "site", tell=sentences)
    return public


def edition() -> dict[str, pd.DataFrame]:
    """Return the edition's tables, each of them checked against its contract."""
    tables = {
        "colonias_shown": _colonias(),
        "crime": _crime(),
        "change": _change(),
        "place": _place(),
        "series": _series(),
        "perception": _perception(),
        "indicators": _indicators(),
        "actions_done": _actions(),
        "proposals": _proposals(),
        "unknowns": _unknowns(),
        "sources": _sources(),
        "period": _period(),
        **evaluation_tables(),
    }
    tables["cards"] = released_tables()["cards"]
    for name in HOLDS:  # what no dashboard shows
        tables.setdefault(name, empty_table(name))
    return {name: check_table(name, table) for name, table in tables.items()}


def _proposals() -> pd.DataFrame:
    row = {
        "colonia_id": "C03",
        "intervention": "street_lighting",
        "name": "Alumbrado público",
        "need": "crime",
        "indicators": "total",
        "agency": "public_services",
        "agency_name": "Secretaría de Servicios Públicos",
        "strength": 2,
        "evidence": "Revisión inventada para esta prueba",
        "verified_on": pd.Timestamp("2026-01-01"),
        "caveats": "",
        "conflict": "",
        **dict.fromkeys(("crime_change", "crime_lower", "crime_upper"), -0.1),
        **dict.fromkeys(("fear_change", "fear_lower", "fear_upper"), float("nan")),
        **dict.fromkeys(("fewer_lower", "fewer_upper"), float("nan")),
        "times_done": 0,
        "standing": "proposed",
    }
    return pd.DataFrame([row]).astype({"strength": "Int64", "times_done": "Int64"})


def ficha_tables(tables: Mapping[str, pd.DataFrame], colonia_id: str) -> dict[str, pd.DataFrame]:
    """Return the slices that make the ficha of one colonia."""
    colonias = tables["colonias_shown"]
    here = colonias[colonias["colonia_id"] == colonia_id]
    perception = tables["perception"]
    near = perception["area"].isin(["Ciudad", *here["borough"], colonia_id])
    sliced = {"perception": perception[near], "profile": here.drop(columns="geometry")}
    for name in ("sources", "period"):
        sliced[name] = tables[name]
    for name in (
        "crime",
        "change",
        "place",
        "series",
        "indicators",
        "actions_done",
        "proposals",
        "unknowns",
    ):
        table = tables[name]
        sliced[name] = table[table["colonia_id"] == colonia_id].reset_index(drop=True)
    return sliced


def state_of(colonia_id: str, group: str) -> str:
    """Return whether the figure of a colonia and a crime group is shown."""
    if colonia_id == EMPTY:
        return "missing"
    return "suppressed" if (colonia_id, group) == WITHHELD else "shown"


def count_of(colonia_id: str, group: str) -> int:
    """Return a published count: a multiple of three, zero in the first colonia."""
    place = int(colonia_id[1:]) - 1
    by_group = [3 * ((place * (2 + order)) % 11) for order in range(4)]
    return sum(by_group) if group == "total" else by_group[GROUPS.index(group)]


def _colonias() -> gpd.GeoDataFrame:
    rows = [
        {
            "colonia_id": key,
            "name": name,
            "borough": BOROUGHS[order // 4],
            "population": YEARS,
            "area_km2": 0.5,
            "entered_on": pd.Timestamp("2021-10-01"),
            "has_ficha": key != WITHOUT_FICHA,
            "geometry": _square(order),
        }
        for order, (key, name) in enumerate(NAMES.items())
    ]
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")
    return table.astype({"entered_on": "datetime64[us]"})


def _square(order: int) -> object:
    row, column = divmod(order, 4)
    west, south = -100.42 + 0.01 * column, 20.57 + 0.01 * row
    return box(west, south, west + 0.0098, south + 0.0098)


def _cells() -> list[tuple[str, str]]:
    return [(key, group) for key in NAMES for group in GROUPS]


def _figures(values: dict[str, float], state: str) -> dict[str, object]:
    return (
        {**dict.fromkeys(values, None), "state": state}
        if state != "shown"
        else {
            **values,
            "state": state,
        }
    )


def _crime() -> pd.DataFrame:
    rows = []
    for key, group in _cells():
        events = count_of(key, group)
        rate = events / YEARS * 1_000
        low, high = max(0, events - 2) / YEARS * 700, (events + 4) / YEARS * 1_300
        typical = {"violence": 4.0, "robbery": 5.0, "theft": 4.5, "other": 5.0, "total": 18.5}
        versus = (
            "below" if high < typical[group] else "above" if low > typical[group] else "similar"
        )
        shown = state_of(key, group) == "shown"
        values = {
            "events": events,
            "events_low": max(0, events - 2),
            "events_high": events + 2,
            "person_years": YEARS,
            "rate": rate,
            "lower": low,
            "upper": high,
            "smoothed": 0.7 * rate + 0.3 * typical[group],
            "smoothed_lower": 0.8 * low,
            "smoothed_upper": high,
        }
        rows.append(
            {
                "colonia_id": key,
                "group": group,
                **_figures(values, state_of(key, group)),
                "municipality_rate": typical[group],
                "versus_municipality": versus if shown else "unknown",
            }
        )
    return _typed("crime", rows)


def _change() -> pd.DataFrame:
    rows = []
    for key, group in _cells():
        now = count_of(key, group)
        before = now if group != "theft" else 2 * now + 3
        ratio = (now + 0.5) / (before + 0.5)
        falls = group == "theft" and now > 9
        values = {
            "before": before,
            "now": now,
            "ratio": ratio,
            "lower": ratio * 0.6,
            "upper": 0.95 if falls else ratio * 1.6,
            "q_value": 0.01 if falls else 0.6,
        }
        shown = state_of(key, group) == "shown"
        verdict = "decrease" if falls else "none"
        rows.append(
            {
                "colonia_id": key,
                "group": group,
                "verdict": verdict if shown else "unknown",
                **_figures(values, state_of(key, group)),
            }
        )
    return _typed("change", rows)


def _place() -> pd.DataFrame:
    rows = []
    for key, group in _cells():
        middle = (int(key[1:]) - 0.5) / len(NAMES)
        values = {"lower_share": max(0, middle - 0.18), "upper_share": min(1, middle + 0.18)}
        rows.append(
            {
                "colonia_id": key,
                "group": group,
                "colonias": len(NAMES),
                **_figures(values, state_of(key, group)),
            }
        )
    return _typed("place", rows)


def _series() -> pd.DataFrame:
    rows = []
    for key, group in _cells():
        for order, quarter in enumerate(QUARTERS):
            events = 3 * ((count_of(key, group) // 3 + order) % 5)
            values = {
                "events": events,
                "events_low": max(0, events - 2),
                "events_high": events + 2,
            }
            rows.append(
                {
                    "colonia_id": key,
                    "quarter": quarter,
                    "group": group,
                    **_figures(values, state_of(key, group)),
                }
            )
    return _typed("series", rows)


def _perception() -> pd.DataFrame:
    areas = [("city", "Ciudad", 0.58), *(("borough", name, 0.52) for name in BOROUGHS)]
    rows = [
        {
            "area_kind": kind,
            "area": area,
            "indicator": indicator,
            "period": pd.Timestamp("2025-09-01"),
            "share": share,
            "lower": share - spread,
            "upper": share + spread,
            "respondents": respondents,
            "state": "shown",
            "source": "ensu",
        }
        for indicator in ("insecurity", "cohesion")
        for (kind, area, share), spread, respondents in zip(
            areas, (0.03, 0.07, 0.08, 0.09), (900, 240, 210, 190), strict=True
        )
    ]
    rows.append(
        {
            "area_kind": "colonia",
            "area": "C09",
            "indicator": "insecurity",
            "period": pd.Timestamp("2025-09-01"),
            "share": None,
            "lower": None,
            "upper": None,
            "respondents": 12,
            "state": "insufficient",
            "source": "ensu",
        }
    )
    return _typed("perception", rows)


def _indicators() -> pd.DataFrame:
    rows = [
        {
            "colonia_id": key,
            "indicator": "lighting",
            "label": "Luminarias que funcionan",
            "value": 0.82,
            "municipality": 0.87,
            "unit": "proporción",
            "source": "alumbrado",
        }
        for key in NAMES
    ]
    return _typed("indicators", rows)


def _actions() -> pd.DataFrame:
    rows = [
        {
            "colonia_id": "C02",
            "action_type": "Marcha exploratoria de seguridad",
            "agency": "Instituto de la Mujer",
            "times": 3,
            "first": pd.Timestamp("2022-02-11"),
            "last": pd.Timestamp("2025-08-20"),
        }
    ]
    return _typed("actions_done", rows)


def _unknowns() -> pd.DataFrame:
    rows = [{"colonia_id": key, "what": "not_located", "n": None, "share": 0.07} for key in NAMES]
    return _typed("unknowns", rows)


def _sources() -> pd.DataFrame:
    titles = {"carpetas": "Carpetas de investigación", "ensu": "Encuesta de seguridad urbana"}
    rows = [
        {
            "source": key,
            "title": title,
            "publisher": "Fiscalía" if key == "carpetas" else "INEGI",
            "licence": "Libre uso MX",
            "cutoff": pd.Timestamp("2025-12-31"),
        }
        for key, title in titles.items()
    ]
    return _typed("sources", rows)


def _period() -> pd.DataFrame:
    row = {
        "first_month": pd.Timestamp("2022-10-01"),
        "before_start": pd.Timestamp("2024-01-01"),
        "window_start": pd.Timestamp("2025-01-01"),
        "window_end": pd.Timestamp("2026-01-01"),
        "municipality": "Municipio de ejemplo",
        "lab": "Laboratorio de Prevención Social",
        "contact": "Unidad de Transparencia",
        "colonias": len(NAMES),
        "fichas": len(NAMES) - 1,
        "rounding_base": 3,
        "recorded_share": None,
    }
    return _typed("period", [row])


def _typed(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    from labtools.tables.contracts import CONTRACTS  # noqa: PLC0415

    columns = CONTRACTS[name].columns
    table = pd.DataFrame(rows, columns=list(columns))
    for column, contract in columns.items():
        if str(contract.dtype).startswith("datetime64"):
            table[column] = table[column].astype("datetime64[us]")
    return table
