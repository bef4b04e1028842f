"""Alarms for series with enough events: the municipality and its boroughs, by Farrington.

Colonias are judged by the model that wins the scoreboard (:mod:`labtools.workflow.forecasting`);
what has more events is judged by its own seasons, which is easy to explain.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from labtools.analysis.forecast.farrington import MONTHLY, farrington_alarms
from labtools.errors import AnalysisError
from labtools.tables import vocabulary as words
from labtools.tables.contracts import CONTRACTS, empty_table
from labtools.tables.periods import Window

_GROUPS = (words.TOTAL, *words.GROUPS)
_CITY = ("city", "")
#: False alarms in a month over all series, were nothing out of the usual.
_BUDGET = 0.5
_STRICTEST, _LOOSEST = 0.005, 0.05
_DECIMALS = 4


def series_alarms(
    panel: pd.DataFrame, colonias: pd.DataFrame, window: Window, *, complete: float, city: str
) -> pd.DataFrame:
    """Return the internal table ``series_alarms``: the last month of each series.

    Parameters
    ----------
    panel, colonias : pandas.DataFrame
        The processed tables.
    complete : float
        Share of the last month's files that is thought to be recorded by now; what is expected
        is lowered by it.  Missing where it is not known: then nothing is allowed for.
    city : str
        Name of the municipality.
    """
    counts = _series(panel, colonias, window)
    if counts.empty:
        return empty_table("series_alarms")
    alpha = float(np.clip(_BUDGET / len(counts), _STRICTEST, _LOOSEST))
    held = counts.copy()
    if np.isfinite(complete) and 0 < complete < 1:
        held.iloc[:, -1] = (held.iloc[:, -1] / complete).round()
    try:
        found = farrington_alarms(held, held.columns[-1:], replace(MONTHLY, alpha=alpha))
    except AnalysisError:
        return empty_table("series_alarms")  # fewer than three whole years and a quarter
    keys = pd.DataFrame(list(counts.index), columns=["area_kind", "area", "group"])
    table = keys.assign(
        area=keys["area"].where(keys["area"] != "", city),
        month=found["step"].to_numpy(),
        observed=counts.iloc[:, -1].to_numpy(),
        expected=found["expected"].round(_DECIMALS).to_numpy(),
        upper=found["upper"].round(_DECIMALS).to_numpy(),
        p_value=found["p_value"].round(6).to_numpy(),
        alarm=found["alarm"].astype(bool).to_numpy(),
        budget=round(alpha * len(counts), _DECIMALS),
    )
    return table[list(CONTRACTS["series_alarms"].columns)]


def _series(panel: pd.DataFrame, colonias: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return counts by (kind of area, area, group) and month, of series known throughout."""
    files = panel[(panel["record_type"] == "case_file") & panel["group"].isin(words.GROUPS)]
    files = files[files["month"] < window.end]
    borough = colonias.set_index("colonia_id")["borough"]
    told = files.assign(area=files["colonia_id"].map(borough))
    rows = {}
    for group in _GROUPS:
        mine = told if group == words.TOTAL else told[told["group"] == group]
        rows[*_CITY, group] = mine.groupby("month")["events"].sum(min_count=1)
        for area, part in mine.groupby("area"):
            rows["borough", str(area), group] = part.groupby("month")["events"].sum(min_count=1)
    table = pd.DataFrame(rows).T.astype(float)
    return table[table.notna().all(axis=1)].sort_index(axis=1) if len(files) else pd.DataFrame()
