"""What goes together with risk: associations of a colonia's traits with its rates.

Each trait's coefficient is estimated with the map (BYM2), without it, and with what of the
trait its neighbours do not share (Spatial+): where the three disagree, trait and place cannot
be told apart and the trait says little.  Associations of areas: not causes, and not persons.

When to use it: to see which risk and protective factors deserve a question on the ground.
When not: to predict, to judge a programme, or to say anything about who lives there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from labtools.analysis.risk.bym2 import Bym2Fit, Bym2Options, fit_bym2
from labtools.errors import AnalysisError

_COLLINEAR = 5.0
_DRAWS = 400


@dataclass(frozen=True, slots=True)
class Traits:
    """Traits of areas, ready for a model.

    Attributes
    ----------
    table : pandas.DataFrame, shape (n_areas, n_traits)
        Standardised; a value that was missing is the mean (zero).
    missing : pandas.Series
        By trait, in how many areas it was missing.
    inflation : pandas.Series
        By trait, how much the other traits inflate the variance of its coefficient.
    """

    table: pd.DataFrame
    missing: pd.Series
    inflation: pd.Series


@dataclass(frozen=True, slots=True)
class Factors:
    """Associations of traits with the rates of one group of crimes.

    Attributes
    ----------
    table : pandas.DataFrame
        By trait, for one standard deviation more of it: ``ratio`` of rates, ``lower`` and
        ``upper`` (95 %); ``without_map`` and ``unshared`` (the ratio by the two other models,
        fitted only where some trait is associated); ``inflation``; ``missing``; and
        ``reading``: ``association``, ``indistinct`` (the interval holds one), ``confounded`` (it
        depends on how place is treated) or ``collinear``.
    draws : pandas.DataFrame, shape (n_draws, n_traits)
        Coefficients (logarithms of ratios).
    contributions : pandas.DataFrame, shape (n_areas, n_traits)
        Mean of the coefficient times the area's trait: its part of the logarithm of the rate.
    """

    table: pd.DataFrame
    draws: pd.DataFrame
    contributions: pd.DataFrame


def prepare_traits(values: pd.DataFrame) -> Traits:
    """Return traits standardised, with what is missing and how collinear they are.

    A trait that does not vary, or is known in less than half of the areas, is left out.

    Raises
    ------
    AnalysisError
        If no trait is left.
    """
    known = values.notna().mean() >= 0.5  # noqa: PLR2004 - a half
    kept = values.loc[:, known & (values.std() > 0)]
    if kept.shape[1] == 0:
        raise AnalysisError(
            "None of the {n} traits varies and is known in at least half of the areas. Bring "
            "other covariates.",
            n=values.shape[1],
        )
    table = ((kept - kept.mean()) / kept.std()).fillna(0.0)
    correlation = np.corrcoef(table.to_numpy().T).reshape(table.shape[1], -1)
    inflation = np.diag(np.linalg.pinv(correlation))
    return Traits(table, kept.isna().sum(), pd.Series(inflation, table.columns))


def associate(
    events: pd.Series,
    exposure: pd.Series,
    traits: Traits,
    neighbours: sparse.csr_array,
    *,
    rng: np.random.Generator,
) -> Factors:
    """Estimate the association of each trait with the rates, others and place held alike.

    Parameters
    ----------
    events, exposure : pandas.Series
        By area; need not be whole.
    traits : Traits
    neighbours : scipy.sparse.csr_array
        In the order of `events`.

    References
    ----------
    Dupont, E., Wood, S. N. & Augustin, N. H. (2022). Spatial+: a novel approach to spatial
    confounding. Biometrics 78, 1279-1290. doi:10.1111/biom.13656
    """
    table = traits.table.reindex(events.index)

    def fit(covariates: pd.DataFrame, graph: sparse.csr_array) -> Bym2Fit:
        options = Bym2Options(n_draws=_DRAWS)
        return fit_bym2(events, exposure, graph, rng=rng, covariates=covariates, options=options)

    mapped = fit(table, neighbours)
    told = mapped.parameters.loc[table.columns]
    result = np.exp(told[["mean", "lower", "upper"]]).rename(columns={"mean": "ratio"})
    result = result.assign(
        without_map=np.nan,
        unshared=np.nan,
        inflation=traits.inflation,
        missing=traits.missing,
    )
    if (_reading(result) == "association").any():
        plain = fit(table, sparse.csr_array(neighbours.shape))
        unshared = fit(_unshared(table, neighbours), neighbours)
        for name, other in (("without_map", plain), ("unshared", unshared)):
            result[name] = np.exp(other.parameters.loc[table.columns, "mean"])
    return Factors(
        table=result.assign(reading=_reading(result)),
        draws=mapped.coefficient_draws[table.columns],
        contributions=table * told["mean"],
    )


def _unshared(table: pd.DataFrame, neighbours: sparse.csr_array) -> pd.DataFrame:
    """Return what of each trait the mean of the neighbours does not tell, in its own unit."""
    binary = (neighbours > 0).astype(float)
    degree = np.asarray(binary.sum(axis=1)).ravel()
    around = np.asarray(binary @ table.to_numpy()) / np.maximum(degree, 1.0)[:, None]
    slope = (around * table.to_numpy()).sum(0) / np.maximum((around**2).sum(0), 1e-12)
    return table - slope * around


def _reading(table: pd.DataFrame) -> pd.Series:
    above = table["ratio"] > 1
    turned = pd.Series(data=False, index=table.index)
    for name in ("without_map", "unshared"):
        turned |= table[name].notna() & ((table[name] > 1) != above)
    reading = pd.Series("association", index=table.index, dtype="str")
    reading[turned] = "confounded"
    reading[(table["lower"] <= 1) & (table["upper"] >= 1)] = "indistinct"
    reading[table["inflation"] > _COLLINEAR] = "collinear"
    return reading
