"""A jump of perception in one city, against a mix of cities that had moved as it did.

When to use it: one city's series leaps in a quarter and it is asked how much of it is the city's
own, and how long it lasted.  When not: to say why; a jump has no cause written on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.synthetic_control import synthetic_control
from labtools.messages import Sentence, mark
from labtools.tables import vocabulary as words
from labtools.tables.shown import Shown

_LEAST_CITIES = 20
#: A gap is told apart where at most so many of the cities have one as wide.
_RARE = 0.05
_NORMAL = 1.96


@dataclass(frozen=True, slots=True)
class CityJump(Shown):
    """What was the city's own, quarter by quarter.

    Attributes
    ----------
    quarters : pandas.DataFrame
        From the jump on: ``share``, ``twin`` (the mix of other cities), ``gap``, and ``p_value``:
        the share of cities whose gap of that quarter, against their own earlier gaps, is as wide.
        ``lower`` and ``upper``: by the same placebos, what of it was the city's own (95 %).
    path : pandas.DataFrame
        ``share`` and ``twin`` of every quarter, those before the jump too.
    weights : pandas.Series
        Of the cities in the mix.
    before_rmse : float
        How far the mix lay from the city before the jump.
    cities : int
        Complete cities, this one among them.
    """

    told_as: ClassVar[Sentence] = mark("A city's jump beside a mix of other cities")
    quarters: pd.DataFrame
    path: pd.DataFrame
    weights: pd.Series
    before_rmse: float
    cities: int

    @property
    def lasted(self) -> int:
        """Quarters in a row, from the jump on, that chance between cities hardly gives (5 %).

        Zero: not even that of the jump.  Where it is every quarter that there is, the jump may
        still go on (see :attr:`goes_on`).
        """
        stands_out = self.quarters["p_value"] <= _RARE
        return int(stands_out.cumprod().sum())

    @property
    def goes_on(self) -> bool:
        """Whether the last quarter that there is still stands out."""
        return 0 < self.lasted == len(self.quarters)


def city_jump(shares: pd.DataFrame, city: str, start: pd.Timestamp) -> CityJump:
    """Return how far a city lay from its synthetic twin from `start` on, with placebo ranks.

    Parameters
    ----------
    shares : pandas.DataFrame
        Canonical table ``city_perception`` of one indicator, many cities; the country's own
        rows, which INEGI puts among them, are left out.
    city : str
    start : pandas.Timestamp
        Quarter of the jump.

    Raises
    ------
    AnalysisError
        If the city, or enough cities, do not have every quarter that it has.
    """
    # The mean of the country is no city: it would be a twin of all, and a placebo of none.
    cities = shares[shares["city"] != words.COUNTRY]
    wide = cities.pivot_table(index="quarter", columns="city", values="share").sort_index()
    wide = wide.loc[wide[city].notna()] if city in wide else wide.iloc[:0]
    complete = wide.dropna(axis="columns")
    if city not in complete or complete.shape[1] < _LEAST_CITIES or start not in complete.index:
        raise AnalysisError(
            "The jump of {city} needs at least {least} cities with every quarter, and there are "
            "{n}. Collect INEGI's quarterly tables of all cities.",
            city=city,
            least=_LEAST_CITIES,
            n=complete.shape[1],
        )
    found = {name: synthetic_control(complete, name, start) for name in complete.columns}
    after = complete.index >= start
    scaled = pd.DataFrame({n: one.gaps[after].abs() / one.before_rmse for n, one in found.items()})
    own = found[city]
    gap = own.gaps[after]
    reach = _reach(scaled.drop(columns=city)) * own.before_rmse
    quarters = pd.DataFrame(
        {
            "share": complete.loc[after, city],
            "twin": complete.loc[after, city] - gap,
            "gap": gap,
            "lower": gap - reach,
            "upper": gap + reach,
            "p_value": scaled.ge(scaled[city], axis="index").mean(axis="columns"),
        }
    )
    path = pd.DataFrame({"share": complete[city], "twin": complete[city] - own.gaps})
    return CityJump(quarters, path, own.weights, own.before_rmse, complete.shape[1])


def city_changes(shares: pd.DataFrame, city: str) -> pd.DataFrame:
    """Return a city's series with its intervals, and its change since the quarter before.

    Parameters
    ----------
    shares : pandas.DataFrame
        Canonical table ``city_perception`` of one indicator.
    city : str

    Returns
    -------
    pandas.DataFrame
        By ``quarter``: ``share``, ``lower``, ``upper`` (95 %, by the published coefficient of
        variation), ``change``, ``change_lower``, ``change_upper`` and ``verdict``: "unknown"
        where the quarter before, or the variation, was not published.
    """
    own = shares[shares["city"] == city].set_index("quarter").sort_index()
    error = own["share"] * own["cv"]
    before = own.index - pd.DateOffset(months=3)
    change = own["share"] - own["share"].reindex(before).to_numpy()
    reach = _NORMAL * np.sqrt(error**2 + error.reindex(before).to_numpy() ** 2)
    change = change.where(reach.notna())
    verdict = pd.Series("none", own.index, dtype="str")
    verdict = verdict.mask(change - reach > 0, "increase").mask(change + reach < 0, "decrease")
    return pd.DataFrame(
        {
            "share": own["share"],
            "lower": (own["share"] - _NORMAL * error).clip(lower=0.0),
            "upper": (own["share"] + _NORMAL * error).clip(upper=1.0),
            "change": change,
            "change_lower": change - reach,
            "change_upper": change + reach,
            "verdict": verdict.mask(change.isna(), "unknown"),
        }
    ).reset_index()


def _reach(others: pd.DataFrame) -> pd.Series:
    """Return how far placebos lie, by quarter: as far as so few that one is told apart beyond it.

    In times of each city's own gaps before: the rank that ``p_value`` asks for, turned round.
    """
    few = int(_RARE * (others.shape[1] + 1))  # one or more: so many cities are asked for
    farthest = np.sort(others.to_numpy(), axis=1)[:, -few]
    return pd.Series(farthest, others.index)
