"""How much of what happens is recorded, by area and kind of crime, and what follows from it.

When to use it: counts of case files are to be read as crime.  When not: to say how many crimes
there were in one colonia to the unit; the interval is the answer.

A survey tells how many victims reported, area by area; a national survey tells how kinds of
crime differ and, without a survey of the lab's own, the level.  The crimes that were not recorded
are then drawn, and rates, places and lists are made of each draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.perception.area_shares import AreaPrior, fit_area_shares
from labtools.analysis.smoothing import fit_gamma_poisson
from labtools.errors import AnalysisError

_CERTAIN = 1e-4
_REACH = 1.96
_MOST = 1e9
#: Where the law of one share is reckoned: so many standard deviations, in so many steps.
_GRID_ENDS, _GRID = 8.0, 801
#: A group of which nothing is known: like all crime, with doubt.
_LIKE_ALL = (0.0, 0.6)


@dataclass(frozen=True, slots=True)
class ReportingPrior:
    """What a national survey says of reporting.

    Attributes
    ----------
    unreported, lower, upper : float
        Dark figure of all crime together, and the limits (95 %) between which that of this city
        is believed to lie.
    spread : float
        Standard deviation of log-odds between areas.
    opened : (float, float, float)
        Of the crimes that victims denounced, the share of which a case file was opened, and its
        limits (95 %).  Surveys ask who denounced; a crime is recorded with a case file only.
    files : (float, float)
        What victims of this city told the lab's own survey of the crimes that they denounced:
        of how many a case file was opened, and how many were asked (effective numbers).  Both
        zero where nobody was asked: `opened` alone speaks.
    groups : mapping of str to (mean, standard deviation)
        How the log-odds of being recorded of a group of crimes differ from those of all crime.
    """

    unreported: float
    lower: float
    upper: float
    spread: float
    groups: Mapping[str, tuple[float, float]]
    opened: tuple[float, float, float] = (1.0, 1.0, 1.0)
    files: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        """Refuse limits that are none."""
        if not 0 < self.lower < self.unreported < self.upper < 1:
            raise AnalysisError(
                "The dark figure must lie between its limits, and all between 0 and 1: {lower}, "
                "{unreported}, {upper}. Give shares, not percentages.",
                lower=self.lower,
                unreported=self.unreported,
                upper=self.upper,
            )
        share, low, high = self.opened
        if not (0 < low < share < high < 1 or share == low == high == 1):
            raise AnalysisError(
                "The share of denounced crimes with a case file must lie between its limits, and "
                "all between 0 and 1: {lower}, {share}, {upper}. Give shares, not percentages.",
                lower=low,
                share=share,
                upper=high,
            )
        with_file, asked = self.files
        if not 0 <= with_file <= asked:
            raise AnalysisError(
                "Of {asked} denounced crimes that were asked about, {n} have a case file. Correct "
                "the survey's counts.",
                asked=asked,
                n=with_file,
            )

    @property
    def area_prior(self) -> AreaPrior:
        """The same, as log-odds of being recorded."""
        return self._as_log_odds(1.0)

    @property
    def told_prior(self) -> AreaPrior:
        """The same, as log-odds of being denounced: what victims are asked."""
        log_odds, chance = self._opened_law()
        return self._as_log_odds(float(scipy.special.expit(log_odds) @ chance))

    def opened_draws(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Return draws of the share of denounced crimes that has a case file, shape (size, 1)."""
        log_odds, chance = self._opened_law()
        drawn = rng.choice(len(chance), size=(size, 1), p=chance)
        step = log_odds[1] - log_odds[0] if len(log_odds) > 1 else 0.0
        within = step * rng.uniform(-0.5, 0.5, (size, 1))
        return np.asarray(scipy.special.expit(log_odds[drawn] + within))

    def opened_limits(self) -> tuple[float, float, float]:
        """Return that share's median and limits (95 %), with what the lab's survey was told."""
        log_odds, chance = self._opened_law()
        at = np.searchsorted(np.cumsum(chance), (0.5, 0.025, 0.975)).clip(max=len(chance) - 1)
        middle, low, high = scipy.special.expit(log_odds[at])
        return float(middle), float(low), float(high)

    def _opened_law(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the law of that share on a grid of log-odds: what is declared, then told."""
        share, lower, upper = self.opened
        if share >= 1:
            return np.array([np.inf]), np.ones(1)
        low, centre, high = scipy.special.logit([lower, share, upper])
        sd = float(high - low) / (2 * _REACH)
        log_odds = centre + sd * np.linspace(-_GRID_ENDS, _GRID_ENDS, _GRID)
        with_file, asked = self.files
        score = -(((log_odds - centre) / sd) ** 2) / 2
        score = score + with_file * log_odds - asked * np.logaddexp(0.0, log_odds)
        chance = np.exp(score - score.max())
        return log_odds, chance / chance.sum()

    def _as_log_odds(self, opened: float) -> AreaPrior:
        most = 1 - _CERTAIN
        low, centre, high = scipy.special.logit(
            np.minimum((1 - np.array([self.upper, self.unreported, self.lower])) / opened, most)
        )
        return AreaPrior(float(centre), float(high - low) / (2 * _REACH), spread=self.spread)


def reporting_draws(
    reported: pd.Series,
    victims: pd.Series,
    covariates: pd.DataFrame,
    *,
    prior: ReportingPrior,
    rng: np.random.Generator,
    size: int = 1_000,
) -> pd.DataFrame:
    """Return draws of the probability that a crime of each area is recorded.

    Parameters
    ----------
    reported, victims : pandas.Series
        By area, from the survey: victims, and those of them who denounced it (effective
        numbers, see :func:`labtools.analysis.perception.area_shares.effective_answers`).  Not
        every denounced crime has a case file: the prior's ``opened`` says how many do, draw by
        draw.  Empty or zero where nobody was a victim; all zero: the prior alone speaks.
    covariates : pandas.DataFrame
        Of every area wanted (standardised by the model).
    size : int
        Draws.

    Returns
    -------
    pandas.DataFrame, shape (size, n_areas)
    """
    areas = covariates.index
    # Victims of whom it is not known whether they reported say nothing of reporting.
    asked = victims.reindex(areas).where(reported.reindex(areas).notna()).fillna(0.0)
    if asked.sum() > 0:
        told = reported.reindex(areas).fillna(0.0)
        fit = fit_area_shares(
            told, asked, covariates, rng=rng, prior=replace(prior.told_prior, draws=size)
        )
        return fit.draws * prior.opened_draws(size, rng)
    law = prior.area_prior
    city = rng.normal(law.centre, law.centre_sd, (size, 1))
    spread = rng.gamma(2, prior.spread, (size, 1))
    log_odds = city + spread * rng.standard_normal((size, len(areas)))
    return pd.DataFrame(scipy.special.expit(log_odds), columns=areas).rename_axis("draw")


def group_reporting(
    reporting: pd.DataFrame,
    recorded: pd.DataFrame,
    prior: ReportingPrior,
    *,
    rng: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Return draws of the probability of being recorded by group of crimes.

    Groups differ as the national survey says, and together they agree, draw by draw, with what
    is said of all crime of the city.

    Parameters
    ----------
    reporting : pandas.DataFrame, shape (n_draws, n_areas)
        See :func:`reporting_draws`.
    recorded : pandas.DataFrame, shape (n_areas, n_groups)
        Counts; missing ones do not weigh.
    """
    log_odds = scipy.special.logit(np.clip(reporting.to_numpy(), _CERTAIN, 1 - _CERTAIN))
    counts = recorded.reindex(reporting.columns).fillna(0.0)
    shift = np.column_stack(
        [rng.normal(*prior.groups.get(str(g), _LIKE_ALL), len(reporting)) for g in counts.columns]
    )
    # Crimes not recorded are n exp(-log-odds): one shift for all groups keeps their sum.
    hidden = np.exp(-log_odds) @ counts.to_numpy(float)
    whole = hidden.sum(axis=1)
    parts = (hidden * np.exp(-shift)).sum(axis=1)
    even = np.log(np.divide(parts, whole, out=np.ones_like(whole), where=whole > 0))
    return {
        str(g): pd.DataFrame(
            scipy.special.expit(log_odds + shift[:, [k]] + even[:, None]),
            reporting.index,
            reporting.columns,
        )
        for k, g in enumerate(counts.columns)
    }


def expected_records(
    recorded: pd.Series, exposure: pd.Series, *, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Return draws of how many crimes each area is expected to record, shape (size, n_areas).

    Areas with little to tell are drawn towards the rate of all (Poisson and gamma, fitted to
    the counts); missing where the count is, or where there is no exposure.
    """
    fit = fit_gamma_poisson(recorded, exposure)
    counts = np.broadcast_to(recorded.to_numpy(float), (size, len(recorded)))
    return np.asarray(fit.draws(counts, exposure, rng=rng) * exposure.to_numpy(float))


def crime_draws(
    recorded: np.ndarray,
    expected: np.ndarray,
    reporting: pd.DataFrame,
    *,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return draws of the crimes that happened: those recorded and those that were not.

    Parameters
    ----------
    recorded : numpy.ndarray, shape (n_areas,) or (n_draws, n_areas)
        Counts; missing where not known.  Draws of them where they are published rounded.
    expected : numpy.ndarray, shape (n_draws, n_areas)
        Draws of how many crimes each area is expected to record: those of a model that draws
        areas with few towards the others, such as :func:`expected_records`.
    reporting : pandas.DataFrame, shape (n_draws, n_areas)
        Probability of being recorded.

    Raises
    ------
    AnalysisError
        If a count is negative or infinite.

    Notes
    -----
    If crimes are Poisson and each is recorded with probability p, those recorded and those not
    are independent Poisson counts whose means stand as p to 1 - p.  An area that recorded none
    may still have had some: as many as areas like it lead one to expect, and no more.  (To take
    every number of crimes for as likely, whatever the others had, would add (1 - p) / p crimes
    to every area and group.)
    """
    counts = np.broadcast_to(np.asarray(recorded, float), reporting.shape)
    known = ~np.isnan(counts)
    wrong = known & ((counts < 0) | (counts > _MOST))
    if wrong.any():
        raise AnalysisError(
            "{n} recorded counts are negative, or more than any place records (the first, in "
            "{area}: {count}). Correct them, or leave them missing.",
            n=int(wrong.sum()),
            area=reporting.columns[np.argwhere(wrong)[0][1]],
            count=float(counts[wrong][0]),
        )
    p = np.clip(reporting.to_numpy(), _CERTAIN, 1.0)
    means = np.broadcast_to(np.asarray(expected, float), reporting.shape) * (1 - p) / p
    known = known & np.isfinite(means)
    hidden = rng.poisson(np.where(known, means, 0.0))
    crimes = np.where(known, counts + hidden, np.nan)
    return pd.DataFrame(crimes, reporting.index, reporting.columns)


def corrected_rates(rates: pd.DataFrame, reporting: pd.DataFrame) -> pd.DataFrame:
    """Return draws of rates of crime from draws of rates of *recorded* crime.

    Parameters
    ----------
    rates : pandas.DataFrame, shape (n_draws, n_areas)
        Of a model of recorded crime (smoothed, spatial, of next year); its draws need not be as
        many: they are taken in turn.
    reporting : pandas.DataFrame, shape (m_draws, n_areas)
    """
    p = reporting.reindex(columns=rates.columns).to_numpy()
    turn = np.arange(len(rates)) % len(p)
    return rates / np.clip(p[turn], _CERTAIN, 1.0)


def chance_among_first(draws: pd.DataFrame, first: int) -> pd.Series:
    """Return the probability that each area is among the `first` with most, by draws.

    Areas with a missing draw are left out of the list and get none.
    """
    known = ~draws.isna().any(axis=0)
    values = draws.loc[:, known].to_numpy()
    place = scipy.stats.rankdata(-values, method="ordinal", axis=1)
    chance = pd.Series((place <= first).mean(axis=0), draws.columns[known])
    return chance.reindex(draws.columns)


def list_overlap(one: pd.DataFrame, other: pd.DataFrame, first: int) -> pd.DataFrame:
    """Return what a correction does to a list: each area's chance of being in it.

    Returns
    -------
    pandas.DataFrame
        ``before``, ``after``, ``in_before``, ``in_after`` (the `first` most probable of each).
    """
    chances = pd.DataFrame(
        {"before": chance_among_first(one, first), "after": chance_among_first(other, first)}
    )
    for name in ("before", "after"):
        leading = chances[name].sort_values(ascending=False, kind="stable").index[:first]
        chances[f"in_{name}"] = chances.index.isin(leading)
    return chances
