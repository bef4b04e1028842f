"""What national surveys say: of cities, each figure once; of households, edition by edition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.multiplicity import adjust_p_values
from labtools.errors import SourceError
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.periods import Window

_FALSE_ALARM = 0.05
_REACH = 1.96
_YEAR = r"\b(?:19|20)\d{2}\b"
_FIGURE = ["city", "indicator", "quarter"]
#: Two files may tell a figure in whole per cent and as it was reckoned.
_ROUNDED = 0.005 + 1e-9
_WHAT = ["source", "question", "domain", "category", "unit"]


def told_once(published: pd.DataFrame) -> pd.DataFrame:
    """Return each city's figure of a quarter once, whichever of several files tell it.

    The first that tells its variation is kept.

    Parameters
    ----------
    published : pandas.DataFrame
        Canonical table ``city_perception`` of all files, one under the other.

    Raises
    ------
    SourceError
        If two files tell figures that rounding does not explain.
    """
    apart = published.groupby(_FIGURE, sort=False)["share"].agg(["min", "max"])
    wrong = apart[apart["max"] - apart["min"] > _ROUNDED]
    if len(wrong):
        city, indicator, quarter = wrong.index[0]
        raise SourceError(
            "{n} figures of perception by city are told otherwise by two files; the first is "
            "{indicator} of {city} in {quarter}: {low} and {high} %. Take from lab.toml the file "
            "that is not INEGI's last word.",
            n=len(wrong),
            indicator=indicator,
            city=city,
            quarter=f"{pd.Timestamp(quarter):%Y-%m}",
            low=round(100 * float(wrong["min"].iloc[0]), 1),
            high=round(100 * float(wrong["max"].iloc[0]), 1),
        )
    surest = published.assign(_unsure=published["cv"].isna()).sort_values("_unsure", kind="stable")
    kept = surest.drop_duplicates(_FIGURE).index
    return published.loc[kept.sort_values()].reset_index(drop=True)


def estimate_change_table(estimates: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return the canonical table ``estimate_change``: the last edition against the one before.

    Samples of two editions are taken for independent; estimates of one question and unit are
    judged together (Benjamini and Hochberg, 5 %).  An estimate that the last edition does not
    have, or no earlier one, has no row, and neither has one whose error is not known.

    Parameters
    ----------
    estimates : pandas.DataFrame
        Canonical table ``survey_estimates``: households or people, with their standard errors.
    """
    last = (window.end - pd.DateOffset(days=1)).year
    known = estimates[estimates["standard_error"].notna() & (estimates["edition"] <= last)]
    # A question names the year that it asks about: without it, it is the same in each edition.
    asked = known["question"].str.replace(_YEAR, "…", regex=True)
    known = known.assign(question=asked).drop_duplicates([*_WHAT, "edition"], keep=False)
    known = known.sort_values("edition", kind="stable")
    newest = known.groupby("source")["edition"].transform("max") == known["edition"]
    now = known[newest].set_index(_WHAT).sort_index()
    before = known[~newest].drop_duplicates(_WHAT, keep="last").set_index(_WHAT)
    before = before.reindex(now.index.intersection(before.index))
    now = now.loc[before.index]
    if before.empty:
        return empty_table("estimate_change")
    away = now["estimate"] - before["estimate"]
    error = np.hypot(now["standard_error"], before["standard_error"])
    p_value = pd.Series(2 * scipy.stats.norm.sf(np.abs(away) / error.where(error > 0)), away.index)
    judged = p_value.groupby(level=["source", "question", "unit"])
    q_value = judged.transform(lambda p: adjust_p_values(p, level=_FALSE_ALARM))
    told = q_value <= _FALSE_ALARM
    table = pd.DataFrame(
        {
            "before_edition": before["edition"],
            "edition": now["edition"],
            "before": before["estimate"],
            "now": now["estimate"],
            "difference": away,
            "lower": away - _REACH * error,
            "upper": away + _REACH * error,
            "q_value": q_value,
            "verdict": np.select(
                [told & (away > 0), told & (away < 0)], ["increase", "decrease"], "none"
            ),
        }
    )
    return check_table("estimate_change", table.reset_index())
