"""The city's figure of perception beside those of the country and of every other city."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.multiplicity import adjust_p_values
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.periods import Window

_FALSE_ALARM = 0.05
_REACH = 1.96


def city_peers_table(city_perception: pd.DataFrame, city: str, window: Window) -> pd.DataFrame:
    """Return the canonical table ``city_peers``: all cities in the city's last quarter.

    ``difference`` is the city's share less that of the other, ``versus`` says whether the city
    lies below or above it, all others of an indicator judged together (Benjamini and Hochberg,
    5 %).  Samples are taken for independent, and the upper end of INEGI's class of variation
    for the error: both err on the safe side.  A figure whose variation INEGI gives as 30 % or
    more is left out.

    Parameters
    ----------
    city_perception : pandas.DataFrame
        Canonical table ``city_perception``; it may hold one city only.
    city : str
        Name under which the city stands in it.
    """
    known = city_perception[city_perception["cv"].notna()]
    known = known[known["quarter"] < window.end]
    parts = []
    for _, rows in known.groupby("indicator"):
        quarter = rows.loc[rows["city"] == city, "quarter"].max()
        last = rows[rows["quarter"] == quarter].set_index("city")
        if len(last):
            parts.append(_beside(last, city))
    table = pd.concat(parts, ignore_index=True) if parts else empty_table("city_peers")
    return check_table("city_peers", table)


def _beside(rows: pd.DataFrame, city: str) -> pd.DataFrame:
    error = rows["cv"] * rows["share"]
    away = rows.loc[city, "share"] - rows["share"]
    doubt = np.sqrt(error**2 + error[city] ** 2)
    other = rows.index != city
    p_value = pd.Series(2 * scipy.stats.norm.sf(np.abs(away) / doubt), rows.index).where(other)
    q_value = adjust_p_values(p_value, level=_FALSE_ALARM)
    told = q_value <= _FALSE_ALARM
    versus = np.select(
        [~other, told & (away > 0), told & (away < 0)], ["itself", "above", "below"], "similar"
    )
    table = rows[["indicator", "quarter", "share"]].assign(
        lower=(rows["share"] - _REACH * error).clip(lower=0),
        upper=(rows["share"] + _REACH * error).clip(upper=1),
        difference=away.where(other),
        difference_lower=(away - _REACH * doubt).where(other),
        difference_upper=(away + _REACH * doubt).where(other),
        q_value=q_value,
        versus=versus,
    )
    return table.rename_axis("city").reset_index().sort_values("city", ignore_index=True)
