"""The dark figure: from recorded to probable counts, with what a survey says of reporting.

When to use it: a survey asked victims, by area, whether they reported.  When not: without such a
survey and without a declared prior; records alone cannot tell crime from reporting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class Reporting:
    """Probability that a crime is reported, by area: beta-binomial.

    Attributes
    ----------
    alpha, beta : float
        Of the beta law over areas; its mean is the probability where nobody was asked.
    """

    alpha: float
    beta: float

    def rates(self, reported: pd.Series, victims: pd.Series) -> pd.Series:
        """Return the probability of each area, drawn towards the mean of all."""
        a, b = self._posterior(reported, victims)
        return a / (a + b)

    def probable(
        self, recorded: pd.Series, reported: pd.Series, victims: pd.Series, *, level: float = 0.95
    ) -> pd.DataFrame:
        """Return ``recorded``, ``probable`` (its mean), ``lower`` and ``upper`` by area.

        The interval is that of reporting alone; :meth:`draws` adds the chance of the count.
        The mean is missing where it does not exist (alpha and reports up to 1).
        """
        a, b = (part.reindex(recorded.index) for part in self._posterior(reported, victims))
        tail = (1 - level) / 2
        mean = ((a + b - 1) / (a - 1)).where(a > 1)
        return pd.DataFrame(
            {
                "recorded": recorded,
                "probable": recorded * mean,
                "lower": recorded / scipy.stats.beta.ppf(1 - tail, a, b),
                "upper": recorded / scipy.stats.beta.ppf(tail, a, b),
            }
        )

    def draws(
        self,
        recorded: pd.Series,
        reported: pd.Series,
        victims: pd.Series,
        *,
        size: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return draws of the crimes that happened, shape (size, areas); never below recorded.

        Given the probability, those not recorded are negative binomial: an area that recorded
        none may still have had some.  Rates and ranks of each row carry the doubt along.
        """
        a, b = (part.reindex(recorded.index) for part in self._posterior(reported, victims))
        p = np.clip(rng.beta(a, b, (size, len(recorded))), 1e-6, 1 - 1e-12)
        known = recorded.notna().to_numpy()
        hidden = rng.negative_binomial(recorded.fillna(0).to_numpy(float) + 1, p)
        return np.where(known, recorded.to_numpy(float) + hidden, np.nan)

    def _posterior(self, reported: pd.Series, victims: pd.Series) -> tuple[pd.Series, pd.Series]:
        reported = reported.reindex(victims.index)
        known = reported.notna() & victims.notna()
        wrong = victims.index[known & ((reported < 0) | (reported > victims))]
        if len(wrong):
            raise AnalysisError(
                "{n} areas have more reports than victims, or fewer than none (the first: {area}). "
                "Correct the survey's counts.",
                n=len(wrong),
                area=wrong[0],
            )
        yes, asked = reported.where(known, 0), victims.where(known, 0)
        return self.alpha + yes, self.beta + asked - yes


def fit_reporting(reported: pd.Series, victims: pd.Series) -> Reporting:
    """Fit the law of reporting over areas by maximum likelihood.

    Areas where nobody was a victim tell nothing.

    Raises
    ------
    AnalysisError
        If fewer than three areas tell something, or they differ no more than chance: the law
        then has no width of its own, and a prior must say it (:func:`reporting_prior`).
    """
    Reporting(1, 1).rates(reported, victims)
    known = (victims > 0) & reported.reindex(victims.index).notna()
    y, n = (s.reindex(victims.index)[known].to_numpy(float) for s in (reported, victims))

    def minus(point: np.ndarray) -> float:
        a, b = np.exp(point)
        return -float((scipy.special.betaln(a + y, b + n - y) - scipy.special.betaln(a, b)).sum())

    if len(y) >= 3 and 0 < y.sum() < n.sum():  # noqa: PLR2004 -- two areas have no law
        mean = y.sum() / n.sum()
        start = np.log([10 * mean, 10 * (1 - mean)])
        found = scipy.optimize.minimize(minus, start, method="Nelder-Mead", options={"xatol": 1e-8})
        alpha, beta = np.exp(found.x)
        if alpha + beta < 1e4:  # noqa: PLR2004 -- wider than any survey can tell from a common rate
            return Reporting(float(alpha), float(beta))
    raise AnalysisError(
        "The survey cannot tell how reporting differs among {n} areas with victims. Give a prior "
        "from a national survey.",
        n=len(y),
    )


def reporting_prior(unreported: float, lower: float, upper: float) -> Reporting:
    """Return the law whose mean and 95 % limits a national survey gives for the dark figure.

    ENVIPE's cifra negra for a state, say 0.927, with limits that also admit how colonias differ.
    """
    if not 0 < lower < unreported < upper < 1:
        raise AnalysisError(
            "The dark figure must lie between its limits, and all between 0 and 1: {lower}, "
            "{unreported}, {upper}. Give shares, not percentages.",
            lower=lower,
            unreported=unreported,
            upper=upper,
        )

    def gap(log_size: float) -> float:
        a, b = np.exp(log_size) * np.array([1 - unreported, unreported])
        low, high = scipy.stats.beta.ppf([0.025, 0.975], b, a)
        return float(high - low - (upper - lower))

    if gap(0.0) * gap(16.0) > 0:
        raise AnalysisError(
            "No beta law has mean {unreported} and limits {lower} and {upper}. Narrow the limits.",
            unreported=unreported,
            lower=lower,
            upper=upper,
        )
    size = float(np.exp(scipy.optimize.brentq(gap, 0.0, 16.0)))
    return Reporting(size * (1 - unreported), size * unreported)


def chapman(first: int, second: int, both: int) -> tuple[float, float]:
    """Return how many there are, from two lists, and its standard error.

    Lists must be independent and match well; victims who shun both are not counted.

    References
    ----------
    Seber, G. A. F. (1970). Biometrika 57, 397-408 (variance). doi:10.1093/biomet/57.2.397
    """
    _two_lists(first, second, both)
    number = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (first + 1) * (second + 1) * (first - both) * (second - both)
    return number, float(np.sqrt(variance / ((both + 1) ** 2 * (both + 2))))


def lincoln_petersen(first: int, second: int, both: int) -> tuple[float, float]:
    """Return the plain two-list estimate and its error; :func:`chapman` is less biased."""
    _two_lists(first, second, both)
    if both == 0:
        raise AnalysisError("The two lists share nobody. Use Chapman's estimate.")
    error = np.sqrt(first * second * (first - both) * (second - both) / both**3)
    return first * second / both, float(error)


def _two_lists(first: int, second: int, both: int) -> None:
    if not 0 <= both <= min(first, second):
        raise AnalysisError(
            "{both} people in both lists do not fit in lists of {first} and {second}. Match the "
            "lists again.",
            both=both,
            first=first,
            second=second,
        )
