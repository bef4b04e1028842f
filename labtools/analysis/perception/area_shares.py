"""Shares of small areas by a logistic model: census covariates, neighbours, and draws.

When to use it: few people were asked in each area, so that direct shares are 0, 1 or nothing.
When not: where :func:`labtools.analysis.perception.estimates.estimate_share` already says
"enough", or where no survey was made in the city.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.latent_logit import Candidate, draw_log_odds
from labtools.analysis.one_thread import one_thread
from labtools.errors import AnalysisError

Benchmark = Literal["log_odds", "ratio"]

_SPREADS = np.geomspace(0.08, 1.6, 9)
_NEIGHBOURLY = (0.0, 0.25, 0.5, 0.75, 0.95)
_SPREAD_DOUBT = 0.4
_DENSE = 3_000
_NIL = 1e-9
_ROUNDS, _STRIDE = 40, 2.0


@dataclass(frozen=True, slots=True)
class AreaPrior:
    """What is believed before the survey, in log-odds.

    Attributes
    ----------
    centre, centre_sd : float
        Of an area whose covariates are the average.
    slope_sd : float
        Of the effect of one standard deviation of a covariate.
    spread : float
        Most likely standard deviation between areas beyond the covariates, give or take a
        factor of 2.2 (95 %).  The prior keeps off zero, as few answers would have areas all
        alike (Chung et al. 2013, doi:10.1007/s11336-013-9328-2).
    draws : int
        How many draws to make of what is left to believe.
    """

    centre: float = 0.0
    centre_sd: float = 1.5
    slope_sd: float = 0.5
    spread: float = 0.6
    draws: int = 1_000


@dataclass(frozen=True, slots=True)
class AreaShares:
    """Shares of areas, as draws of what they may be.

    Attributes
    ----------
    draws : pandas.DataFrame, shape (n_draws, n_areas)
        Shares from 0 to 1; a row is one city that the answers allow.
    spread, neighbourly : float
        Expected standard deviation between areas (log-odds), and how much of its variance
        neighbours share.
    asked : pandas.Series
        Effective number of people asked by area; zero: the share comes from covariates and
        neighbours alone.
    """

    draws: pd.DataFrame
    spread: float
    neighbourly: float
    asked: pd.Series

    def frame(self, *, level: float = 0.95, widest: float = 1.0) -> pd.DataFrame:
        """Return ``value``, ``error``, ``lower``, ``upper`` and ``verdict`` by area.

        An interval wider than `widest` says nothing: its verdict is "insufficient".
        """
        tail = (1 - level) / 2
        lower, upper = np.quantile(self.draws.to_numpy(), [tail, 1 - tail], axis=0)
        table = pd.DataFrame(
            {
                "value": self.draws.mean(),
                "error": self.draws.std(ddof=0),
                "lower": lower,
                "upper": upper,
            }
        )
        return table.assign(
            verdict=np.where(table["upper"] - table["lower"] <= widest, "enough", "insufficient")
        )

    def wandered(self, sd: float, rng: np.random.Generator) -> AreaShares:
        """Return the shares after each area went its own way since it was asked.

        Parameters
        ----------
        sd : float
            Of that way, in log-odds; zero leaves the shares as they are.
        """
        if sd <= 0:
            return self
        log_odds = scipy.special.logit(np.clip(self.draws.to_numpy(), _NIL, 1 - _NIL))
        moved = scipy.special.expit(log_odds + sd * rng.standard_normal(log_odds.shape))
        draws = pd.DataFrame(moved, self.draws.index, self.draws.columns)
        return AreaShares(draws, self.spread, self.neighbourly, self.asked)

    def benchmarked(
        self, people: pd.Series, city: np.ndarray, *, by: Benchmark = "log_odds"
    ) -> AreaShares:
        """Return the shares moved, draw by draw, so that the city's mean is that of `city`.

        Parameters
        ----------
        people : pandas.Series
            People of each area; areas without any do not count.
        city : numpy.ndarray, shape (n_draws,)
            The city's share; draws of it carry its own doubt along.
        by : {"log_odds", "ratio"}
            All areas move alike in log-odds; or by one ratio, of the shares where they fall and
            of their complements where they rise.  Either way they stay between 0 and 1.
        """
        weight = people.reindex(self.draws.columns).fillna(0.0).to_numpy(float)
        if weight.sum() <= 0 or not np.all((city > 0) & (city < 1)):
            raise AnalysisError(
                "Shares of areas can agree with a city's figure only if people live there and the "
                "figure lies between 0 and 1. Leave them as they are."
            )
        weight = weight / weight.sum()
        if by == "ratio":
            moved = _by_ratio(self.draws.to_numpy(), weight, city)
        else:
            moved = _by_log_odds(self.draws.to_numpy(), weight, city)
        draws = pd.DataFrame(moved, self.draws.index, self.draws.columns)
        return AreaShares(draws, self.spread, self.neighbourly, self.asked)


def fit_area_shares(
    yes: pd.Series,
    asked: pd.Series,
    covariates: pd.DataFrame,
    *,
    rng: np.random.Generator,
    neighbours: np.ndarray | None = None,
    prior: AreaPrior | None = None,
) -> AreaShares:
    """Fit shares of areas: log-odds = centre + covariates + area, areas like their neighbours.

    Parameters
    ----------
    yes, asked : pandas.Series
        By area: effective number of people who said yes, and who answered (people divided by
        the design effect, see :func:`effective_answers`).  An area nobody was asked in may be
        missing or zero.
    covariates : pandas.DataFrame
        One row per area, of all areas wanted, without missing values; standardised here.
    neighbours : numpy.ndarray of bool, shape (n_areas, n_areas), optional
        Which areas touch; without it areas are independent beyond the covariates.
    prior : AreaPrior, optional
        By default, any share, and effects and differences of usual size.

    Raises
    ------
    AnalysisError
        If a covariate is missing, nobody was asked, more people said yes than were asked, or
        the table of neighbours is of other areas.

    References
    ----------
    Riebler, A. et al. (2016). An intuitive Bayesian spatial model for disease mapping that
    accounts for scaling. Stat. Methods Med. Res. 25, 1145-1165. doi:10.1177/0962280216660421
    """
    prior = prior or AreaPrior()
    areas = covariates.index
    told, people = (part.reindex(areas).fillna(0.0).to_numpy(float) for part in (yes, asked))
    _check(told, people, covariates)
    _check_neighbours(neighbours, len(areas))
    spread = covariates.std(ddof=0)
    standard = (covariates - covariates.mean()) / spread.where(spread > 0, 1.0)
    x = np.column_stack([np.ones(len(areas)), standard.to_numpy(float)])
    size_of = np.array([prior.centre_sd**2, *[prior.slope_sd**2] * covariates.shape[1]])
    fixed = (x * size_of) @ x.T
    settings = [
        (sd, rho)
        for sd in _SPREADS
        for rho in (_NEIGHBOURLY if neighbours is not None else _NEIGHBOURLY[:1])
    ]
    # As in `draw_log_odds`: one thread, so that sums do not depend on how many there are.
    with one_thread():
        alike = np.eye(len(areas)) if neighbours is None else neighbour_covariance(neighbours)
    alone = np.eye(len(areas))
    candidates = [
        Candidate(
            fixed + sd**2 * ((1 - rho) * alone + rho * alike),
            float(-((np.log(sd / prior.spread) / _SPREAD_DOUBT) ** 2) / 2),
        )
        for sd, rho in settings
    ]
    mean = np.full(len(areas), prior.centre)
    found = draw_log_odds(told, people, mean, candidates, size=prior.draws, rng=rng)
    expected = found.weights @ np.array(settings)
    return AreaShares(
        pd.DataFrame(scipy.special.expit(found.draws), columns=areas).rename_axis("draw"),
        float(expected[0]),
        float(expected[1]),
        pd.Series(people, areas),
    )


def _by_ratio(shares: np.ndarray, weight: np.ndarray, city: np.ndarray) -> np.ndarray:
    now = shares @ weight
    falls = (city <= now)[:, None]
    down = (city / now)[:, None]
    up = ((1 - city) / np.maximum(1 - now, _NIL))[:, None]
    return np.asarray(np.where(falls, shares * down, 1 - (1 - shares) * up))


def _by_log_odds(shares: np.ndarray, weight: np.ndarray, city: np.ndarray) -> np.ndarray:
    log_odds = scipy.special.logit(np.clip(shares, _NIL, 1 - _NIL))
    shift = np.zeros(len(city))
    for _ in range(_ROUNDS):  # Newton: the mean rises smoothly with the shift
        moved = scipy.special.expit(log_odds + shift[:, None])
        step = (city - moved @ weight) / ((moved * (1 - moved)) @ weight)
        shift += np.clip(step, -_STRIDE, _STRIDE)
        if np.abs(step).max() < _NIL:
            break
    return np.asarray(scipy.special.expit(log_odds + shift[:, None]))


def effective_answers(
    value: pd.Series, weight: pd.Series, area: pd.Series, cluster: pd.Series
) -> tuple[pd.DataFrame, float]:
    """Return by area the effective numbers ``yes`` and ``asked``, and the effect of clusters.

    Kish's numbers for unequal weights, divided by how much more clusters of one area differ
    than people of that area drawn one by one would (pooled over areas, at least 1).

    References
    ----------
    Chen, C., Wakefield, J. & Lumley, T. (2014). The use of sampling weights in Bayesian
    hierarchical models for small area estimation. Spat. Spatio-temporal Epidemiol. 11, 33-43.
    doi:10.1016/j.sste.2014.07.002
    """
    known = value.notna() & (weight > 0) & area.notna()
    table = pd.DataFrame({"y": value, "w": weight, "area": area, "cluster": cluster})[known]
    table = table.assign(wy=table["w"] * table["y"], ww=table["w"] ** 2)
    sums = table.groupby("area")[["w", "wy", "ww"]].sum()
    effect = _cluster_effect(table)
    asked = sums["w"] ** 2 / sums["ww"] / effect
    return pd.DataFrame({"yes": asked * sums["wy"] / sums["w"], "asked": asked}), effect


def neighbour_covariance(neighbours: np.ndarray) -> np.ndarray:
    """Return the covariance of areas that resemble their neighbours, with variances around 1.

    The generalised inverse of the graph's Laplacian, scaled in each part of the city that is
    connected in itself (Riebler et al. 2016); an island is independent of all.

    References
    ----------
    Freni-Sterrantino, A., Ventrucci, M. & Rue, H. (2018). A note on intrinsic conditional
    autoregressive models for disconnected graphs. Spat. Spatio-temporal Epidemiol. 26, 25-34.
    doi:10.1016/j.sste.2018.04.002
    """
    touch = np.asarray(neighbours, bool) | np.asarray(neighbours, bool).T
    np.fill_diagonal(touch, val=False)
    degree = touch.sum(axis=1)
    value, vector = np.linalg.eigh(np.diag(degree.astype(float)) - touch)
    inverse = np.divide(1.0, value, out=np.zeros_like(value), where=value > _NIL)
    covariance = (vector * inverse) @ vector.T
    for part in np.unique(parts := scipy.sparse.csgraph.connected_components(touch)[1]):
        inside = parts == part
        if inside.sum() > 1:
            scale = np.exp(np.log(np.diag(covariance)[inside]).mean())
            covariance[np.ix_(inside, inside)] /= scale
    island = degree == 0
    covariance[np.ix_(island, island)] = np.eye(int(island.sum()))
    return np.asarray(covariance)


def _cluster_effect(table: pd.DataFrame) -> float:
    """Return the effect of clusters inside areas, by analysis of variance.

    People of one area differ between its clusters and within them; both together are what
    people drawn one by one would differ by.  How areas differ takes no part.
    """
    several = table.groupby("area")["cluster"].transform("nunique") > 1
    clusters = table[several].groupby(["area", "cluster"])["y"].agg(["mean", "size", "var"])
    by_area = clusters["mean"].groupby(level=0)
    freedom = len(clusters) - by_area.ngroups
    if freedom < 1:
        return 1.0
    between = float(((clusters["mean"] - by_area.transform("mean")) ** 2).sum()) / freedom
    inside = clusters["size"] - 1
    within = float((clusters["var"].fillna(0.0) * inside).sum() / max(float(inside.sum()), 1.0))
    # People of a cluster, as a harmonic mean: the variance of a cluster's mean follows 1 / n.
    per_cluster = 1 / float((1 / clusters["size"]).mean())
    alone = within * (1 - 1 / per_cluster) + between
    return max(1.0, per_cluster * between / alone) if alone > 0 else 1.0


def _check_neighbours(neighbours: np.ndarray | None, areas: int) -> None:
    if neighbours is not None and np.shape(neighbours) != (areas, areas):
        raise AnalysisError(
            "The table of neighbours is of {rows} areas and the covariates are of {areas}. Take "
            "both in the same order, from the same areas.",
            rows=len(neighbours),
            areas=areas,
        )


def _check(yes: np.ndarray, asked: np.ndarray, covariates: pd.DataFrame) -> None:
    lacking = covariates.index[covariates.isna().any(axis=1)]
    if len(lacking):
        raise AnalysisError(
            "{n} areas lack a covariate (the first: {area}). Complete it, or leave them out.",
            n=len(lacking),
            area=lacking[0],
        )
    if len(covariates) > _DENSE:
        raise AnalysisError(
            "This model takes up to {most} areas at once, and there are {n}. Fit boroughs apart.",
            most=_DENSE,
            n=len(covariates),
        )
    wrong = covariates.index[(yes < 0) | (yes > asked + _NIL)]
    if len(wrong) or not asked.sum() > 0:
        raise AnalysisError(
            "{n} areas have more people who said yes than were asked (the first: {area}), or "
            "nobody was asked anywhere. Correct the survey's counts.",
            n=len(wrong),
            area=wrong[0] if len(wrong) else "-",
        )
