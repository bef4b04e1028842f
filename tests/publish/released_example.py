"""A small released edition: twelve square colonias that show every state there is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy import stats
from shapely.geometry import box

from labtools.privacy.cards import cards_table, expiry_of_sections, read_cards
from labtools.publish.open_data import HOLDS
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.released import FICHA_TABLES, Released, seal_of, slug, write_ficha
from tests.publish.evaluation_example import evaluation_tables

NAMES = (
    "Álamos del Río",
    "Peñuelas Norte",
    "Centro",
    "La Cañada",
    "San Isidro",
    "Lomas de Ñáñez",
    "Jardines",
    "El Mirador",
    "Santa Fe",
    "Ampliación Juárez",
    "Los Pinos",
    "Tres Cruces",
)
IDS = tuple(f"C{i:03d}" for i in range(len(NAMES)))
GROUPS = ("violence", "robbery", "theft", "other", "total")
WITHHELD, ABSENT, WITHOUT_FICHA = "C003", "C004", "C011"
PLACE_ALONE = ("municipality_series", "municipality_crime", "municipality_dark_figure")


def released_tables(names: tuple[str, ...] = NAMES) -> dict[str, pd.DataFrame]:
    """Return every released table, each valid by its contract."""
    crime = _crime()
    tables = {
        "colonias_shown": _colonias(names),
        "crime": crime,
        "change": _change(),
        "place": _place(crime),
        "series": _series(),
        "years": _years(),
        "indicators": _indicators(),
        "actions_done": _actions(),
        "unknowns": _unknowns(),
        "perception": _perception(),
        "dark_figure": _dark_figure(),
        "municipality_dark_figure": _municipality_dark_figure(),
        "fear_gap": _fear_gap(),
        "sources": _sources(),
        "cards": cards_table(read_cards(), pd.Timestamp("2026-01-01")),
        "municipality_series": _municipality_series(),
        "municipality_crime": _municipality_crime(),
        "period": _period(len(names)),
        **evaluation_tables(),
    }
    # Whatever else is released holds nothing here: what it says is tested in its own room.
    tables |= {name: empty_table(name) for name in HOLDS if name not in tables}
    return {name: check_table(name, table) for name, table in tables.items()}


def ficha_of(tables: Mapping[str, pd.DataFrame], colonia_id: str) -> Released:
    """Return the slices of one colonia, as `protect` releases them."""
    shown = tables["colonias_shown"].set_index("colonia_id", drop=False)
    profile = shown.loc[[colonia_id]].drop(columns="geometry").reset_index(drop=True)
    slices: dict[str, pd.DataFrame] = {}
    for name in FICHA_TABLES:
        table = tables[name]
        if name == "perception":
            own = {colonia_id, profile["borough"].iloc[0], "Example"}
            table = table[table["area"].isin(own)]
        elif "colonia_id" in table:
            table = table[table["colonia_id"] == colonia_id]
        slices[name] = table.reset_index(drop=True)
    slices["profile"] = pd.DataFrame(profile)
    expires = expiry_of_sections(tables["cards"])
    return Released(colonia_id, slices, seal_of(slices), expires=expires)


def write_released(public: Path, tables: Mapping[str, pd.DataFrame] | None = None) -> Path:
    """Write a released edition as a run leaves it, and return its folder."""
    tables = released_tables() if tables is None else tables
    (public / "tables").mkdir(parents=True)
    (public / "fichas").mkdir()
    for name, table in tables.items():
        table.to_parquet(public / "tables" / f"{name}.parquet", index=False)
    shown = tables["colonias_shown"]
    for colonia_id in shown.loc[shown["has_ficha"], "colonia_id"]:
        write_ficha(ficha_of(tables, colonia_id), public / "fichas" / f"{slug(colonia_id)}.json")
    return public


def _colonias(names: tuple[str, ...]) -> gpd.GeoDataFrame:
    wide, high = 0.0075, 0.0065
    squares = [
        box(
            -100.4 + i % 4 * wide,
            20.6 - i // 4 * high,
            -100.4 + (i % 4 + 1) * wide,
            20.6 - (i // 4 - 1) * high,
        )
        for i in range(len(names))
    ]
    return gpd.GeoDataFrame(
        {
            "colonia_id": list(IDS),
            "name": list(names),
            "borough": ["Norte" if i < 8 else "Sur" for i in range(len(names))],
            "population": [1_200.0 + 430 * i for i in range(len(names))],
            "area_km2": [0.56] * len(names),
            "entered_on": pd.to_datetime(
                ["2025-03-03" if i % 3 == 0 else None for i in range(len(names))]
            ).astype("datetime64[us]"),
            "has_ficha": [key != WITHOUT_FICHA for key in IDS],
            "geometry": squares,
        },
        crs="EPSG:4326",
    )


def _state(colonia_id: str, group: str) -> str:
    if colonia_id == ABSENT:
        return "missing"
    return "suppressed" if colonia_id == WITHHELD and group in {"violence", "robbery"} else "shown"


def _counts(state: str, events: int) -> dict[str, object]:
    if state != "shown":
        return {"events": None, "events_low": None, "events_high": None}
    return {"events": events, "events_low": max(events - 2, 0), "events_high": events + 2}


def _crime() -> pd.DataFrame:
    rows = []
    for i, key in enumerate(IDS):
        years, by_group = 1_200.0 + 430 * i, dict.fromkeys(GROUPS, 0)
        for j, group in enumerate(GROUPS[:-1]):
            by_group[group] = 0 if group == "other" and i % 2 == 0 else 3 * ((i * 5 + j * 7) % 11)
        by_group["total"] = sum(by_group.values())
        rows += [_crime_row(key, group, n, years) for group, n in by_group.items()]
    table = pd.DataFrame(rows)
    counts = ["events", "events_low", "events_high"]
    return table.astype(dict.fromkeys(counts, "Int64"))


def _crime_row(key: str, group: str, events: int, years: float) -> dict[str, object]:
    state, per = _state(key, group), 1_000 / years
    municipality = 14.0 if group == "total" else 3.5
    lower = stats.chi2.ppf(0.025, 2 * events) / 2 * per if events else 0.0
    upper = stats.chi2.ppf(0.975, 2 * (events + 1)) / 2 * per
    rate = events * per
    figures = {
        "rate": rate,
        "lower": lower,
        "upper": upper,
        "smoothed": (rate + municipality) / 2,
        "smoothed_lower": (lower + municipality) / 2,
        "smoothed_upper": (upper + municipality) / 2,
    }
    versus = "above" if lower > municipality else "below" if upper < municipality else "similar"
    return {
        "colonia_id": key,
        "group": group,
        **_counts(state, events),
        "person_years": years,
        **(figures if state == "shown" else dict.fromkeys(figures, np.nan)),
        "municipality_rate": municipality,
        "versus_municipality": versus if state == "shown" else "unknown",
        "state": state,
    }


def _change() -> pd.DataFrame:
    rows = []
    for i, key in enumerate(IDS):
        for j, group in enumerate(GROUPS):
            state = _state(key, group)
            before, now = 6 + 3 * j, 6 + 3 * j + (18 if (i + j) % 5 == 0 else 0)
            ratio = (now + 0.5) / (before + 0.5)
            spread = np.exp(1.96 * np.sqrt(1 / (now + 0.5) + 1 / (before + 0.5)))
            lower, upper = ratio / spread, ratio * spread
            verdict = "increase" if lower > 1 else "none"
            shown = state == "shown"
            rows.append(
                {
                    "colonia_id": key,
                    "group": group,
                    "before": before if shown else None,
                    "now": now if shown else None,
                    "ratio": ratio if shown else np.nan,
                    "lower": lower if shown else np.nan,
                    "upper": upper if shown else np.nan,
                    "q_value": 0.02 if shown else np.nan,
                    "verdict": verdict if shown else "unknown",
                    "state": state,
                }
            )
    return pd.DataFrame(rows).astype({"before": "Int64", "now": "Int64"})


def _place(crime: pd.DataFrame) -> pd.DataFrame:
    shown = crime["state"] == "shown"
    lower = (crime["lower"] / 45).clip(0, 0.9).where(shown)
    return pd.DataFrame(
        {
            "colonia_id": crime["colonia_id"],
            "group": crime["group"],
            "lower_share": lower,
            "upper_share": (crime["upper"] / 25).clip(0.1, 1).where(shown),
            "colonias": pd.array([len(IDS)] * len(crime), dtype="Int64"),
            "state": crime["state"],
        }
    )


def _series() -> pd.DataFrame:
    rows = []
    for i, key in enumerate(IDS):
        for q, quarter in enumerate(pd.date_range("2022-10-01", periods=13, freq="QS")):
            for j, group in enumerate(GROUPS):
                state = "missing" if key == ABSENT or q == 5 else "shown"
                state = "suppressed" if state == "shown" and q == 8 and i % 3 == 0 else state
                events = 0 if q == 3 else 3 * ((q * 3 + i + j) % 6)
                rows.append(
                    {
                        "colonia_id": key,
                        "quarter": quarter,
                        "group": group,
                        **_counts(state, events),
                        "state": state,
                    }
                )
    counts = dict.fromkeys(["events", "events_low", "events_high"], "Int64")
    return pd.DataFrame(rows).astype({**counts, "quarter": "datetime64[us]"})


def _years() -> pd.DataFrame:
    rows = []
    for i, key in enumerate(IDS):
        for n, year in enumerate(pd.to_datetime(["2023-01-01", "2024-01-01", "2025-01-01"])):
            state = "missing" if key == ABSENT else "suppressed" if key == WITHHELD else "shown"
            counted = _counts(state, 60 + 9 * i + 12 * n)
            rows.append({"colonia_id": key, "year": year, **counted, "state": state})
    counts = dict.fromkeys(["events", "events_low", "events_high"], "Int64")
    return pd.DataFrame(rows).astype({**counts, "year": "datetime64[us]"})


def _indicators() -> pd.DataFrame:
    listed = (
        ("young", "Personas de 15 a 29 años", 0.261, 0.248, "share"),
        ("schooling", "Grado promedio de escolaridad", 9.8, 10.6, "years"),
    )
    rows = [
        (key, indicator, label, value, municipality, unit, "census")
        for key in IDS
        for indicator, label, value, municipality, unit in listed
    ]
    columns = ["colonia_id", "indicator", "label", "value", "municipality", "unit", "source"]
    return pd.DataFrame(rows, columns=columns)


def _actions() -> pd.DataFrame:
    rows = [
        ("C000", "Marcha exploratoria", "Prevención Social", 3, "2025-02-10", "2025-10-21"),
        ("C000", "Recuperación de espacio público", None, 1, "2025-06-02", "2025-06-02"),
    ]
    columns = ["colonia_id", "action_type", "agency", "times", "first", "last"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"first": "datetime64[us]", "last": "datetime64[us]", "times": "Int64"})


def _unknowns() -> pd.DataFrame:
    rows = [
        (key, what, n, share)
        for key in IDS
        for what, n, share in (("default_point", 31, 0.04), ("outside", None, None))
    ]
    table = pd.DataFrame(rows, columns=["colonia_id", "what", "n", "share"])
    return table.astype({"n": "Int64", "share": float})


def _perception() -> pd.DataFrame:
    rows = [
        ("borough", "Norte", "insecurity", "2025-07-01", 0.61, 0.52, 0.69, 212, "shown"),
        ("borough", "Norte", "insecurity", "2025-10-01", 0.57, 0.48, 0.66, 208, "shown"),
        ("borough", "Sur", "insecurity", "2025-10-01", None, None, None, 14, "insufficient"),
        ("city", "Example", "insecurity", "2025-10-01", 0.484, 0.451, 0.518, 1340, "shown"),
        ("city", "Example", "cohesion", "2025-10-01", 0.38, 0.35, 0.412, 1340, "shown"),
        ("colonia", IDS[0], "insecurity", "2025-10-01", None, None, None, 9, "insufficient"),
    ]
    columns = ["area_kind", "area", "indicator", "period", "share", "lower", "upper"]
    table = pd.DataFrame(rows, columns=[*columns, "respondents", "state"]).assign(source="survey")
    typed = dict.fromkeys(["share", "lower", "upper"], float)
    return table.astype({**typed, "period": "datetime64[us]", "respondents": "Int64"})


def _dark_figure() -> pd.DataFrame:
    empty = empty_table("dark_figure")
    told = {"events": 21, "reporting": 0.4, "reporting_lower": 0.25, "reporting_upper": 0.55}
    told |= {"probable": 52.0, "lower": 36.0, "upper": 88.0, "basis": "own", "state": "shown"}
    told |= {"rate": 26.0, "rate_lower": 18.0, "rate_upper": 44.0}
    files = {"opened": 0.74, "opened_lower": 0.62, "opened_upper": 0.84}
    files |= {"opened_basis": "national"}
    rows = [{"colonia_id": IDS[0], "group": group, **told} for group in GROUPS]
    rows += [{"colonia_id": WITHHELD, "group": group, "state": "suppressed"} for group in GROUPS]
    table = pd.DataFrame(rows).assign(**files).reindex(columns=empty.columns)
    return table.astype(dict(empty.dtypes))


def _municipality_dark_figure() -> pd.DataFrame:
    told = {"events": 8_190, "reporting": 0.41, "reporting_lower": 0.33, "reporting_upper": 0.49}
    told |= {"probable": 19_975.0, "lower": 16_714.0, "upper": 24_818.0, "basis": "survey"}
    rows = [{"group": group, **told} for group in GROUPS]
    return pd.DataFrame(rows).astype({"events": "Int64"})


def _fear_gap() -> pd.DataFrame:
    empty = empty_table("fear_gap")
    told = {"both_high": 0.04, "fear_only": 0.86, "crime_only": 0.02, "both_low": 0.08}
    told |= {"crime_ratio": 0.6, "crime_lower": 0.4, "crime_upper": 0.9}
    told |= {"fear": 0.75, "fear_lower": 0.62, "fear_upper": 0.86}
    rows = [
        {"colonia_id": IDS[0], **told, "verdict": "fear_only", "state": "shown"},
        {"colonia_id": WITHHELD, "verdict": "unknown", "state": "suppressed"},
    ]
    return pd.DataFrame(rows).reindex(columns=empty.columns).astype(dict(empty.dtypes))


def _sources() -> pd.DataFrame:
    rows = [
        (
            "case_files",
            "Carpetas de investigación",
            "Fiscalía",
            "Libre uso",
            "2025-12-31",
        ),
        (
            "survey",
            "Encuesta de percepción",
            "INEGI",
            "Términos de libre uso",
            "2025-10-15",
        ),
        ("census", "Censo de población", "INEGI", "Términos de libre uso", "2020-03-15"),
    ]
    columns = ["source", "title", "publisher", "licence", "cutoff"]
    return pd.DataFrame(rows, columns=columns).astype({"cutoff": "datetime64[us]"})


def _municipality_series() -> pd.DataFrame:
    months = pd.date_range("2025-01-01", periods=3, freq="MS")
    table = pd.DataFrame({"month": months, "group": "total", "events": [700, 655, 702]})
    return table.astype({"events": "Int64", "month": "datetime64[us]"})


def _municipality_crime() -> pd.DataFrame:
    row = {"group": "total", "before": 8_400, "now": 8_190, "rate": 14.0, "lower": 13.7}
    rest = {
        "upper": 14.3,
        "ratio": 0.98,
        "ratio_lower": 0.95,
        "ratio_upper": 1.0,
        "verdict": "none",
    }
    return pd.DataFrame([{**row, **rest}]).astype({"before": "Int64", "now": "Int64"})


def _period(n: int) -> pd.DataFrame:
    months = {
        "first_month": "2022-10-01",
        "before_start": "2024-01-01",
        "window_start": "2025-01-01",
        "window_end": "2026-01-01",
    }
    row = {name: pd.Timestamp(day) for name, day in months.items()}
    told = {
        "municipality": "Example",
        "lab": "Laboratorio de Prevención Social",
        "contact": "Unidad de Transparencia",
    }
    counted = {"colonias": n, "fichas": n - 1, "rounding_base": 3, "recorded_share": 0.97}
    table = pd.DataFrame([{**row, **told, **counted}])
    return table.astype(dict.fromkeys(months, "datetime64[us]"))
