"""What a roll-out of each priced action could see, by colonias and months: counts and fear.

Internal only.  Each action is looked for where it was measured (its own kinds of crime), with
the fall that reaches a whole colonia: the action's own times the share of the colonia's crime
that lies where it would be done.  An action with a figure on fear is looked for in two surveys,
whose answers are as alike among neighbours as those of the lab's own survey.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.schemas.targeting import TABLES
from labtools.targeting.count_model import CountModel, fit_counts
from labtools.targeting.options import Action
from labtools.targeting.power_simulation import (
    ClusterSample,
    PowerPlan,
    answers_alike,
    plan_power,
    plan_survey,
)
from labtools.workflow.known import Known

ANSWERS = 20  # of each colonia in each of two surveys
_PER_ARM = (8, 16, 32, 64)
_SPELLS = (6, 12, 24)
_STUDIES = 300
_ELIGIBLE = 1.0  # case files a month, at least, in a roll-out


def power_table(
    known: Known,
    effects: Mapping[str, pd.DataFrame],
    actions: Mapping[str, Action],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the canonical table ``roll_out_power``; empty where no action has a price."""
    counts, places = _counts(known)
    models: dict[tuple[str, ...], dict[int, CountModel]] = {}
    parts = []
    for key, action in actions.items():
        if key in effects["crime"].columns and action.groups:
            if action.groups not in models:
                models[action.groups] = _models(counts, places, action.groups)
            fall = -effects["crime"][key].to_numpy() * action.reach
            found = plan_power(
                models[action.groups], fall, per_arm=_PER_ARM, times=_STUDIES, rng=rng
            )
            parts.append(_told(key, "crime", found))
        if key in effects["fear"].columns and (asked := _asked(known)) is not None:
            fall = -effects["fear"][key].to_numpy() * action.reach
            sample = ClusterSample(max(_PER_ARM), ANSWERS, asked[1])
            seen = plan_survey(fall, asked[0], sample, per_arm=_PER_ARM, times=_STUDIES, rng=rng)
            parts.append(_told(key, "fear", seen))
    told = [part for part in parts if len(part)]
    if not told:
        return empty_table("roll_out_power")
    return check_table("roll_out_power", pd.concat(told, ignore_index=True))


def _told(key: str, outcome: str, plan: PowerPlan) -> pd.DataFrame:
    designs = plan.designs
    smallest = designs["per_arm"] == plan.per_arm
    if plan.months is not None:
        smallest &= designs["months"] == plan.months
    enough = designs["power"] >= plan.wanted
    told = designs.assign(
        intervention=key,
        outcome=outcome,
        fall=plan.fall,
        months=designs["months"].astype("Int64"),
        per_arm=designs["per_arm"].astype("Int64"),
        standing=np.select([smallest & enough, enough], ["smallest", "enough"], "short"),
    )
    return told[list(TABLES["roll_out_power"])]


def _counts(known: Known) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return monthly case files by colonia and group (columns: month), and where colonias lie."""
    panel, window = known.processed["panel"], known.edition.window
    files = panel[
        (panel["record_type"] == "case_file")
        & panel["group"].isin(words.GROUPS)
        & (panel["month"] < window.end)
    ]
    counts = files.groupby(["colonia_id", "group", "month"])["events"].sum().unstack("month")
    whole = counts.groupby("colonia_id").sum(min_count=1).dropna().astype(float)
    eligible = whole.index[whole.iloc[:, -12:].mean(axis=1) >= _ELIGIBLE]
    colonias = gpd.GeoDataFrame(known.processed["colonias"]).set_index("colonia_id")
    middle = colonias.to_crs(known.settings.lab.crs).representative_point()
    chosen = counts.index.get_level_values("colonia_id").isin(eligible)
    return counts[chosen], pd.DataFrame({"x": middle.x, "y": middle.y})


def _models(
    counts: pd.DataFrame, places: pd.DataFrame, groups: tuple[str, ...]
) -> dict[int, CountModel]:
    own = counts[counts.index.get_level_values("group").isin(groups)]
    table = own.groupby("colonia_id").sum(min_count=1).dropna().astype(float)
    models = {}
    for months in _SPELLS:
        try:
            models[months] = fit_counts(table, places, months=months)
        except AnalysisError:
            continue
    return models


def _asked(known: Known) -> tuple[float, float] | None:
    """Return the share that feels unsafe, and how alike neighbours answer; None if not asked."""
    survey = known.processed["survey"]
    rows = survey[(survey["indicator"] == "insecurity") & survey["value"].notna()]
    alike = answers_alike(rows["value"].astype(float), rows["colonia_id"])
    share = float(rows["value"].mean()) if len(rows) else 0.0
    return None if alike is None or not 0 < share < 1 else (share, alike)
