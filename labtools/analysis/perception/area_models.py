"""Shares of areas by the classical small-area models, as draws like those of the logistic one.

When to use it: to compare, or where a lab wants the model that statistical offices publish
(``[perception] model`` in ``lab.toml``).  When not: by default; with a handful of people in each
area, :func:`labtools.analysis.perception.area_shares.fit_area_shares` knows that answers are
counts, and these take them for normal.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.analysis.perception.area_estimates import AreaEstimates
from labtools.analysis.perception.area_level import fay_herriot, spatial_fay_herriot
from labtools.analysis.perception.area_shares import AreaShares
from labtools.analysis.perception.unit_level import fit_unit_level
from labtools.errors import AnalysisError

_DRAWS = 1_000
#: The model of people knows no bounds: its draws end here.
_ENDS = (0.001, 0.999)


def fay_herriot_shares(
    yes: pd.Series,
    asked: pd.Series,
    covariates: pd.DataFrame,
    *,
    rng: np.random.Generator,
    neighbours: np.ndarray | None = None,
    size: int = _DRAWS,
) -> AreaShares:
    """Return Fay and Herriot's estimates of shares, fitted to their arcsines.

    The arcsine of the root of a share of `n` people has a variance of ``1 / 4n`` whatever the
    share: an area where all of five said yes is not taken for certain, no variance has to be
    smoothed, and what comes back lies between 0 and 1.

    Parameters
    ----------
    yes, asked : pandas.Series
        By area: effective numbers, see
        :func:`labtools.analysis.perception.area_shares.effective_answers`; zero or missing where
        nobody was asked.
    covariates : pandas.DataFrame
        One row per area, of all areas wanted, without missing values.
    neighbours : numpy.ndarray of bool, shape (n_areas, n_areas), optional
        Which areas touch: the model is then the spatial one (SAR); without it areas are
        independent beyond the covariates.
    size : int
        Draws, of each area by its own error.

    Raises
    ------
    AnalysisError
        If a covariate is missing or repeats others, or areas are too few for the covariates.

    References
    ----------
    Schmid, T., Bruckschen, F., Salvati, N. & Zbiranski, T. (2017). Constructing sociodemographic
    indicators for national statistical institutes by using mobile phone data. J. R. Stat. Soc. A
    180, 1163-1190. doi:10.1111/rssa.12305
    """
    areas = covariates.index
    told, people = (part.reindex(areas).fillna(0.0) for part in (yes, asked))
    seen = people > 0
    if (told < 0).any() or (told > people + 1e-9).any():
        raise AnalysisError(
            "{n} areas have more people who said yes than were asked (the first: {area}), or "
            "nobody was asked anywhere. Correct the survey's counts.",
            n=int(((told < 0) | (told > people + 1e-9)).sum()),
            area=str(areas[((told < 0) | (told > people + 1e-9)).to_numpy()][0]),
        )
    share = (told / people.where(seen)).clip(0, 1)
    angle, variance = np.arcsin(np.sqrt(share)), 1 / (4 * people.where(seen))
    if neighbours is None:
        fit = fay_herriot(angle, variance, covariates)
    else:
        touch = np.asarray(neighbours, float)
        sums = touch.sum(axis=1, keepdims=True)
        near = np.divide(touch, sums, out=np.zeros_like(touch), where=sums > 0)
        fit = spatial_fay_herriot(angle, variance, covariates, near)
    drawn = _drawn(fit.value, fit.mse, size, rng).clip(0, np.pi / 2)
    return AreaShares(
        pd.DataFrame(np.sin(drawn) ** 2, columns=areas).rename_axis("draw"),
        _log_odds_spread(fit),
        fit.correlation,
        people,
    )


def unit_level_shares(
    answers: pd.Series,
    area: pd.Series,
    covariates: pd.DataFrame,
    *,
    rng: np.random.Generator,
    size: int = _DRAWS,
) -> AreaShares:
    """Return the shares of Battese, Harter and Fuller's model of people with their area's traits.

    Weights take no part and people of one block are taken for apart, so that its intervals are
    too short where blocks resemble themselves.

    Parameters
    ----------
    answers, area : pandas.Series, shape (n_people,)
        0 or 1, and where; people without either, or of other areas, take no part.
    covariates : pandas.DataFrame
        One row per area, of all areas wanted, without missing values.

    Raises
    ------
    AnalysisError
        If people are too few for the covariates, or their answers do not vary.
    """
    known = answers.notna() & area.isin(covariates.index)
    said, where = answers[known].astype(float), area[known]
    traits = covariates.loc[where].set_axis(said.index, axis=0)
    fit = fit_unit_level(said, where, traits, covariates)
    drawn = _drawn(fit.value, fit.mse, size, rng).clip(*_ENDS)
    middle = float(said.mean())
    return AreaShares(
        pd.DataFrame(drawn, columns=covariates.index).rename_axis("draw"),
        float(np.sqrt(fit.variance_between) / max(middle * (1 - middle), _ENDS[0])),
        0.0,
        where.value_counts().reindex(covariates.index).fillna(0.0).astype(float),
    )


def _drawn(value: pd.Series, mse: pd.Series, size: int, rng: np.random.Generator) -> np.ndarray:
    error = np.sqrt(mse.to_numpy(float))
    return np.asarray(value.to_numpy(float) + error * rng.standard_normal((size, len(value))))


def _log_odds_spread(fit: AreaEstimates) -> float:
    """Return how areas differ beyond the covariates, in log-odds at the middle of the arcsines."""
    middle = float(np.clip(fit.value.mean(), 0.05, np.pi / 2 - 0.05))
    return float(np.sqrt(fit.variance) * 4 / np.sin(2 * middle))
