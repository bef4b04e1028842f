"""What patrols discover, kept apart from what people report, so that attention feeds no model.

Where patrols look, they find; where they find, models send them again.  When to use it: with
sources that say how each event came to be known.  When not: where none does; nothing is then
told apart, and the audit says so by having no row.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table, empty_table
from labtools.workflow.edition import Edition

_REACH, _TAIL = 1.96, 0.025
#: Files of known origin that the city's share stands for in each colonia.
_LIKE_THE_CITY = 10.0
_KINDS = (*words.GROUPS, words.TOTAL)


def discovered_shares(processed: Mapping[str, pd.DataFrame], edition: Edition) -> pd.DataFrame:
    """Return the share of case files that patrols discovered, by colonia and group.

    A colonia's own share, drawn towards the city's of the same group as if ten files more of
    known origin were like the city's: one with few or none of them has the city's.  Zero where no
    source says any origin.

    In the public edition it is zero everywhere, and every crime counts as reported: origins are
    true counts, of withheld colonias too, and no public figure is made from them.
    """
    keys = pd.Index(processed["colonias"]["colonia_id"])
    if edition.is_public:
        return pd.DataFrame(0.0, keys, list(_KINDS))
    found, told = _counts(processed, edition)
    city = found.sum() / told.sum().where(told.sum() > 0)
    # A group of which no origin is known has the share of all crime.
    city = city.fillna(city[words.TOTAL]).fillna(0.0)
    found, told = (table.reindex(keys, fill_value=0.0) for table in (found, told))
    return (found + _LIKE_THE_CITY * city) / (told + _LIKE_THE_CITY)


def feedback_table(processed: Mapping[str, pd.DataFrame], edition: Edition) -> pd.DataFrame:
    """Return the canonical table ``feedback``: how much of the record patrols make, and where.

    ``discovered_share``: of the case files whose origin is known, by group.
    ``programme_ratio``: that share in colonias of the programme over that elsewhere; above 1,
    attention makes records.  Intervals (95 %) take colonias, not events, for independent.
    """
    found, told = _counts(processed, edition)
    inside = told.index.isin(_in_programme(processed["programme"], edition))
    rows = []
    for group in _KINDS:
        whole = _ratio(found[group], told[group])
        rows.append(_row("discovered_share", group, told[group], whole))
        pair = [_ratio(found.loc[part, group], told.loc[part, group]) for part in (inside, ~inside)]
        rows.append(_row("programme_ratio", group, told[group], _over(*pair)))
    known = [row for row in rows if not np.isnan(float(str(row["value"])))]
    table = pd.DataFrame(known) if known else empty_table("feedback")
    return check_table("feedback", table.astype({"events": "Int64"}))


def _counts(
    processed: Mapping[str, pd.DataFrame], edition: Edition
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return files discovered and files of known origin: colonias by group, of the window."""
    table = processed["origin_counts"]
    window = edition.window
    inside = (table["month"] >= window.start) & (table["month"] < window.end)
    table = table[inside & table["group"].isin(words.GROUPS) & (table["origin"] != "unknown")]
    told = _by_group(table)
    found = _by_group(table[table["origin"] == words.DISCOVERED])
    return found.reindex(told.index, fill_value=0.0), told


def _by_group(rows: pd.DataFrame) -> pd.DataFrame:
    sums = rows.groupby(["colonia_id", "group"], observed=True)["events"].sum()
    wide = sums.unstack(fill_value=0).reindex(columns=list(words.GROUPS), fill_value=0)
    wide = wide.astype(float)
    return wide.assign(**{words.TOTAL: wide.sum(axis=1)})


def _in_programme(programme: pd.DataFrame, edition: Edition) -> pd.Series:
    end = edition.window.end
    stays = programme["left_on"].isna() | (programme["left_on"] >= end)
    return programme.loc[(programme["entered_on"] < end) & stays, "colonia_id"]


def _ratio(found: pd.Series, told: pd.Series) -> tuple[float, float]:
    """Return a share over colonias, and its error between them; missing for fewer than two."""
    several = int((told > 0).sum())
    if several < 2:  # noqa: PLR2004 -- one colonia does not vary
        return np.nan, np.nan
    share = float(found.sum() / told.sum())
    away = float(((found - share * told) ** 2).sum()) * several / (several - 1)
    return share, float(np.sqrt(away) / told.sum())


def _over(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Return a ratio of two shares and the error of its logarithm times it."""
    if not (one[0] > 0 and other[0] > 0):
        return np.nan, np.nan
    ratio = one[0] / other[0]
    return ratio, float(np.hypot(one[1] / one[0], other[1] / other[0]))


def _row(
    measure: str, group: str, told: pd.Series, found: tuple[float, float]
) -> dict[str, object]:
    value, error = found
    if measure == "programme_ratio":
        lower, upper = value * np.exp(-_REACH * error), value * np.exp(_REACH * error)
    else:
        lower, upper = max(0.0, value - _REACH * error), min(1.0, value + _REACH * error)
        # None or all discovered does not mean none or all ever: the exact end of a binomial.
        beyond = 1 - _TAIL ** (1 / max(float(told.sum()), 1.0))
        lower = min(lower, 1 - beyond) if value == 1 else lower
        upper = max(upper, beyond) if value == 0 else upper
    return {
        "measure": measure,
        "group": group,
        "value": value,
        "lower": lower,
        "upper": upper,
        "events": int(told.sum()),
    }
