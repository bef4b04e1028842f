"""Estimates of areas: what a model gives, and what is done before and after it.

When to use it: to smooth the variances of direct estimates before a model of areas, and to make
its estimates agree with the city's.  When not: shares near 0 or 1, which are moved in log-odds
(:mod:`labtools.analysis.perception.area_shares`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError

#: People lent to each area when its variance is smoothed (Agresti and Coull's four).
_BORROWED = 4.0


@dataclass(frozen=True, slots=True)
class AreaEstimates:
    """Estimates by area under a model.

    Attributes
    ----------
    value, mse : pandas.Series
        Estimate and mean squared error, in the units of the direct estimate and its square.
        An area without direct estimate has the synthetic one.
    coefficients, standard_errors : pandas.Series
        Of the covariates, ``intercept`` first.
    variance : float
        Between areas, beyond the covariates; zero: every estimate is the synthetic one.
    correlation : float
        Between neighbours, of a spatial model; zero otherwise.
    log_likelihood : float
        Of the direct estimates (not the restricted one, whatever the method).
    sampled : pandas.Series of bool
        Areas that had a direct estimate.
    """

    value: pd.Series
    mse: pd.Series
    coefficients: pd.Series
    standard_errors: pd.Series
    variance: float
    correlation: float
    log_likelihood: float
    sampled: pd.Series

    def frame(
        self, *, level: float = 0.95, widest: float = np.inf, share: bool = False
    ) -> pd.DataFrame:
        """Return ``value``, ``mse``, ``lower``, ``upper``, ``sampled`` and ``verdict``.

        An interval wider than `widest` (in the units of the value) says nothing:
        its verdict is "insufficient".  So is that of a `share` that the model, which knows no
        bounds, puts at or beyond 0 or 1; the limits of the others are made of log-odds, and
        stay inside (for many such areas, see
        :func:`labtools.analysis.perception.area_shares.fit_area_shares`).
        """
        reach = scipy.stats.norm.ppf((1 + level) / 2) * np.sqrt(self.mse)
        table = pd.DataFrame({"value": self.value, "mse": self.mse, "sampled": self.sampled})
        table["lower"], table["upper"] = self.value - reach, self.value + reach
        says = (2 * reach <= widest) & self.mse.notna()
        if share:
            inside = (self.value > 0) & (self.value < 1)
            kept = self.value.where(inside)
            table["lower"], table["upper"] = (
                scipy.special.expit(scipy.special.logit(kept) + side * reach / (kept * (1 - kept)))
                for side in (-1, 1)
            )
            says = says & inside & (table["upper"] - table["lower"] <= widest)
        table["verdict"] = np.where(says, "enough", "insufficient")
        return table


def smoothed_variances(
    direct: pd.Series, respondents: pd.Series, *, effect: float = 1.0
) -> pd.Series:
    """Return design variances of shares that do not depend on each area's own few answers.

    Five people who all say yes have an estimated variance of zero, and Fay-Herriot would take
    them for certain.  Here each share is first drawn towards that of all (as if four more people
    had answered as the city does), and its variance is that of a simple sample times the effect
    of the design.  When not: areas with enough people to estimate their own variance.

    Parameters
    ----------
    direct : pandas.Series
        Share by area, from 0 to 1; missing where nobody was asked.
    respondents : pandas.Series
        People who answered.
    effect : float
        Variance over that of a simple sample of as many people.

    References
    ----------
    Wolter, K. M. (2007). Introduction to Variance Estimation, 2nd ed., ch. 7 (generalised
    variance functions). doi:10.1007/978-0-387-35099-8
    """
    asked = respondents.reindex(direct.index).where(direct.notna())
    asked = asked.where(asked > 0)
    city = float((direct * asked).sum() / asked.sum())
    if not 0 < city < 1:
        raise AnalysisError(
            "A share of {share} in all areas together has no variance to smooth: nobody differs, "
            "or nobody was asked.",
            share=city,
        )
    drawn = (direct * asked + _BORROWED * city) / (asked + _BORROWED)
    return effect * drawn * (1 - drawn) / asked


def benchmark(
    estimates: pd.Series,
    people: pd.Series,
    city: float,
    *,
    mse: pd.Series | None = None,
) -> pd.Series:
    """Return the estimates moved so that their mean over `people` is the city's figure.

    By one ratio for all; or, given `mse`, most where the estimate is least certain (the move
    that costs least, weighted by 1 / mse).  Neither knows that shares end at 0 and 1: of shares,
    look at the result, or move log-odds (:meth:`AreaShares.benchmarked`).

    References
    ----------
    Wang, J., Fuller, W. A. & Qu, Y. (2008). Small area estimation under a restriction.
    Survey Methodology 34, 29-36.
    """
    share = people.reindex(estimates.index) / people.reindex(estimates.index).sum()
    now = float((share * estimates).sum())
    if share.isna().any() or estimates.isna().any() or (mse is None and now == 0):
        raise AnalysisError(
            "The estimates cannot be made to agree with the city's figure: {n} areas lack an "
            "estimate or people, or all estimates are zero. Complete them or leave areas out.",
            n=int((share.isna() | estimates.isna()).sum()),
        )
    if mse is None:
        return estimates * (city / now)
    pull = mse.reindex(estimates.index) * share
    return estimates + pull / float((pull * share).sum()) * (city - now)
