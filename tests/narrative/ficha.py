"""A ficha's tables with chosen figures, in the shape that the contracts state."""

from collections.abc import Mapping

import pandas as pd

from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.released import Released

GROUPS = (*words.GROUPS, words.TOTAL)
COLONIA = "99001_0001"


def table(name: str, rows: list[Mapping[str, object]]) -> pd.DataFrame:
    empty = empty_table(name)
    if not rows:
        return empty
    made = pd.DataFrame([{"colonia_id": COLONIA, **row} for row in rows])
    made = made.reindex(columns=empty.columns)
    typed = made.astype({c: k for c, k in empty.dtypes.items() if c in made})
    return check_table(name, typed)


def counted(n=24, low=None, high=None, **more) -> dict:
    return {
        "group": words.TOTAL,
        "events": n,
        "events_low": n if low is None else low,
        "events_high": n if high is None else high,
        "person_years": 2_000.0,
        "rate": n / 2.0,
        "lower": n / 2.0 * 0.6,
        "upper": n / 2.0 * 1.5 + 1.8,
        "smoothed": 20.0,
        "smoothed_lower": 12.0,
        "smoothed_upper": 33.0,
        "municipality_rate": 31.4,
        "versus_municipality": "similar",
        "state": "shown",
        **more,
    }


def without_figure(state: str, **more) -> dict:
    return {"group": words.TOTAL, "versus_municipality": "unknown", "state": state, **more}


def changed(group="theft", verdict="none", **more) -> dict:
    figures = {"before": 30, "now": 36, "ratio": 1.2, "lower": 0.7, "upper": 2.0, "q_value": 0.5}
    return {"group": group, **figures, "verdict": verdict, "state": "shown", **more}


def felt(share=0.6, **more) -> dict:
    figures = {"share": share, "lower": share - 0.1, "upper": share + 0.1, "respondents": 300}
    named = {"area_kind": "city", "area": "Santa Lucía", "indicator": "insecurity"}
    when = {"period": pd.Timestamp("2025-11-01"), "state": "shown", "source": "survey"}
    return {**named, **figures, **when, **more}


def ficha(profile: Mapping[str, object] | None = None, **rows: list) -> Released:
    """Return a ficha: rows by table; a table that is not given has its usual rows."""
    place = {"lower_share": 0.213, "upper_share": 0.671, "colonias": 412, "state": "shown"}
    usual: dict[str, list] = {
        "crime": [counted()],
        "change": [changed(group) for group in GROUPS],
        "place": [{"group": words.TOTAL, **place}],
        "series": [],
        "years": [],
        "perception": [felt()],
        "dark_figure": [],
        "fear_gap": [],
        "survey_plan": [],
        "indicators": [],
        "actions_done": [],
        "proposals": [],
        "unknowns": [],
        "sources": [],
        "period": [
            {
                "first_month": pd.Timestamp("2020-01-01"),
                "before_start": pd.Timestamp("2024-01-01"),
                "window_start": pd.Timestamp("2025-01-01"),
                "window_end": pd.Timestamp("2026-01-01"),
                "municipality": "Santa Lucía",
                "lab": "Laboratorio",
                "contact": "Unidad de Transparencia",
                "colonias": 412,
                "fichas": 5,
                "rounding_base": 1,
                "recorded_share": None,
            }
        ],
    }
    told = {
        "name": "El Ocote",
        "borough": "Centro",
        "population": 2_000.0,
        "area_km2": 0.8123,
        "entered_on": pd.Timestamp("2024-03-01"),
    }
    tables = {name: table(name, made) for name, made in {**usual, **rows}.items()}
    tables["profile"] = pd.DataFrame([{**told, **(profile or {})}])
    return Released(COLONIA, tables, "")
