"""Effects on what people answer: repeated surveys of different people, places that enter in waves.

When to use it: several waves with the same question, some before a place's entry.  When not:
for places that were in before the first wave; they are left out, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.evaluation.counts import FEWEST_PLACES
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

if TYPE_CHECKING:
    from statsmodels.regression.linear_model import RegressionResults

_NEVER = "never"
_COLUMNS = ("place", "wave", "weight", "value")
#: Error of a share below which answers do not vary, and nothing is tested.
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class AnswerEffect(Shown):
    """Change of a share among the treated, beyond that of the others.

    Attributes
    ----------
    change, se, lower, upper, p : float
        Difference of shares (0.01 is one point), clustered by place.  Where answers do not vary
        beyond rounding, all but the change are missing: nothing is tested.
    by_wave : pandas.DataFrame
        ``change``, ``lower`` and ``upper`` by wave since the entry of each group.
    persons : float
        Weights of the treated answers of the last wave: the people it speaks of.
    places, compared : int
        Places with answers in the programme, and places with answers that never were in it.
    """

    told_as: ClassVar[Sentence] = mark("Effect of the programme on answers")
    change: float
    se: float
    lower: float
    upper: float
    p: float
    by_wave: pd.DataFrame
    persons: float
    places: int
    compared: int


def answer_effect(
    answers: pd.DataFrame, entered: pd.Series, *, level: float = 0.95
) -> AnswerEffect:
    """Return the effect on answers of 0 or 1, by regression with a term for each treated wave.

    Parameters
    ----------
    answers : pandas.DataFrame
        ``place``, ``wave`` (datetime), ``weight`` and ``value`` (0, 1), one answer a row.
    entered : pandas.Series of datetime
        Day of entry by place; missing or absent for those that never enter.
    level : float

    Raises
    ------
    AnalysisError
        If columns are absent, or too few places answered before and after.

    References
    ----------
    Wooldridge, J. M. (2025). Two-way fixed effects, the two-way Mundlak regression, and
    difference-in-differences estimators. Empirical Economics. doi:10.1007/s00181-025-02807-z
    """
    table = _prepared(answers, entered)
    treated = table["wave"] >= table["entry"]
    ours = table["place"].isin(table.loc[treated, "place"])
    inside, outside = (table.loc[rows, "place"].nunique() for rows in (treated, ~ours))
    if min(inside, outside) < FEWEST_PLACES or table["wave"].nunique() < 2:  # noqa: PLR2004
        raise AnalysisError(
            "People answered in {inside} places of the programme and {outside} outside it, over "
            "{waves} waves; at least {needed} of each and two waves are needed. Ask more people, "
            "or wait for the next wave.",
            inside=inside,
            outside=outside,
            waves=table["wave"].nunique(),
            needed=FEWEST_PLACES,
        )
    cell = (table["cohort"] + "@" + table["wave"].astype(str)).where(treated)
    design = pd.concat(
        [
            pd.get_dummies(table["cohort"], dtype=float),
            pd.get_dummies(table["wave"], dtype=float, drop_first=True),
            pd.get_dummies(cell, dtype=float),
        ],
        axis=1,
    )
    from statsmodels.regression.linear_model import WLS  # noqa: PLC0415 - statsmodels loads only where it fits

    codes = pd.factorize(table["place"])[0]
    fit = WLS(table["value"].to_numpy(), design.to_numpy(), table["weight"].to_numpy()).fit(
        cov_type="cluster", cov_kwds={"groups": codes}
    )
    cells = [column for column in design.columns if isinstance(column, str) and "@" in column]
    at = [design.columns.get_loc(column) for column in cells]
    weight = table["weight"].groupby(cell).sum().reindex(cells).to_numpy()
    reach = float(scipy.stats.t.ppf((1 + level) / 2, inside - 1))
    change, se = _mixed(fit, at, weight)
    order = np.array([_waves_since(table, column) for column in cells])
    rows = {
        int(k): _mixed(
            fit, [i for i, o in zip(at, order, strict=True) if o == k], weight[order == k]
        )
        for k in np.unique(order)
    }
    by_wave = pd.DataFrame(
        {k: (v, v - reach * e, v + reach * e) for k, (v, e) in rows.items()},
        index=["change", "lower", "upper"],
    ).T
    last = treated & (table["wave"] == table["wave"].max())
    return AnswerEffect(
        change=change,
        se=se,
        lower=change - reach * se,
        upper=change + reach * se,
        p=float(2 * scipy.stats.t.sf(abs(change) / se, inside - 1)),
        by_wave=by_wave,
        persons=float(table.loc[last, "weight"].sum()),
        places=int(inside),
        compared=int(outside),
    )


def answers_before(
    answers: pd.DataFrame, entered: pd.Series, *, level: float = 0.95
) -> AnswerEffect | None:
    """Return what the last wave before each entry shows, as if places had entered just before it.

    Near nil if answers moved alike.  None where places have no two waves before they entered, or
    too few answered in them.

    Parameters
    ----------
    answers, entered, level
        As for :func:`answer_effect`.
    """
    table = _prepared(answers, entered)
    table = table[~(table["wave"] >= table["entry"])]
    own = table[table["entry"].notna()]
    last = (
        own.groupby("place")["entry"]
        .first()
        .map(lambda entry: table.loc[table["wave"] < entry, "wave"].max())
    )
    try:
        return answer_effect(table[list(_COLUMNS)], last, level=level)
    except AnalysisError:
        return None


def _prepared(answers: pd.DataFrame, entered: pd.Series) -> pd.DataFrame:
    absent = tuple(name for name in _COLUMNS if name not in answers.columns)
    if absent:
        raise AnalysisError("The answers lack the columns {absent}.", absent=absent)
    known = answers[answers["value"].notna() & answers["place"].notna() & (answers["weight"] > 0)]
    table = known.assign(entry=pd.to_datetime(known["place"].map(entered)))
    # Places that were in from the first wave have no before, and are no comparison either.
    table = table[~(table["entry"] <= table["wave"].min())].reset_index(drop=True)
    cohort = table["entry"].dt.strftime("%Y-%m-%d").fillna(_NEVER)
    return table.assign(cohort=cohort)


def _waves_since(table: pd.DataFrame, cell: str) -> int:
    cohort, wave = cell.split("@")
    waves = np.sort(table["wave"].unique())
    inside = waves[waves >= np.datetime64(cohort)]
    return int(np.searchsorted(inside, np.datetime64(wave)))


def _mixed(fit: RegressionResults, at: list[int], weight: np.ndarray) -> tuple[float, float]:
    share = weight / weight.sum()
    value = float(fit.params[at] @ share)
    variance = float(share @ fit.cov_params()[np.ix_(at, at)] @ share)
    return value, float(np.sqrt(variance)) if variance > _NOTHING**2 else np.nan
