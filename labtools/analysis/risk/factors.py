"""What goes together with risk: associations of a colonia's traits with its rates.

Each trait's coefficient is estimated with the map (BYM2), without it, and with what of the
trait the mean of its neighbours does not tell: where another estimate leaves the interval of
the first, trait and place cannot be told apart and the trait says little.  Traits are many, and
are judged together.  Associations of areas: not causes, and not persons.

When to use it: to see which risk and protective factors deserve a question on the ground.
When not: to predict, to judge a programme, or to say anything about who lives there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.multiplicity import adjust_p_values
from labtools.analysis.risk.bym2 import Bym2Fit, Bym2Options, fit_bym2
from labtools.errors import AnalysisError

_COLLINEAR = 5.0
_UPPER = 0.975
_FALSE_DISCOVERY_RATE = 0.05
_DRAWS = 400
_ROUNDING = 1e-12


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
        fitted only where the interval of some trait leaves one out); ``p_value`` and
        ``q_value`` (Benjamini-Hochberg over the traits, and over the groups after
        :func:`judged_together`); ``inflation``; ``missing``; and ``reading``: ``association``,
        ``indistinct`` (by chance, among so many), ``confounded`` (it depends on how place is
        treated) or ``collinear``.
    contributions : pandas.DataFrame, shape (n_areas, n_traits)
        Mean of the coefficient times the area's trait: its part of the logarithm of the rate.
    """

    table: pd.DataFrame
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
    # Equal numbers may have a deviation of their rounding.
    kept = values.loc[:, known & (values.std() > _ROUNDING * values.abs().max())]
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
    neighbours: scipy.sparse.csr_array,
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
    Hodges, J. S. & Reich, B. J. (2010). Adding spatially-correlated errors can mess up the fixed
    effect you love. The American Statistician 64, 325-334. doi:10.1198/tast.2010.10052
    """
    table = traits.table.reindex(events.index)

    def fit(covariates: pd.DataFrame, graph: scipy.sparse.csr_array) -> Bym2Fit:
        options = Bym2Options(n_draws=_DRAWS)
        return fit_bym2(events, exposure, graph, rng=rng, covariates=covariates, options=options)

    mapped = fit(table, neighbours)
    told = mapped.parameters.loc[table.columns]
    result = np.exp(told[["mean", "lower", "upper"]]).rename(columns={"mean": "ratio"})
    deviation = (told["upper"] - told["lower"]) / (2 * scipy.stats.norm.ppf(_UPPER))
    result = result.assign(
        without_map=np.nan,
        unshared=np.nan,
        p_value=2 * scipy.stats.norm.sf((told["mean"] / deviation).abs()),
        inflation=traits.inflation,
        missing=traits.missing,
    )
    if ((result["lower"] > 1) | (result["upper"] < 1)).any():
        plain = fit(table, scipy.sparse.csr_array(neighbours.shape))
        unshared = fit(_unshared(table, neighbours), neighbours)
        for name, other in (("without_map", plain), ("unshared", unshared)):
            result[name] = np.exp(other.parameters.loc[table.columns, "mean"])
    return Factors(
        table=_read(result, adjust_p_values(result["p_value"])),
        contributions=table * told["mean"],
    )


def judged_together(groups: Mapping[str, Factors]) -> dict[str, Factors]:
    """Return the factors of several groups of crimes, read as the many questions they are.

    Parameters
    ----------
    groups : mapping of str to Factors
        By group of crimes, as :func:`associate` returns them.
    """
    if not groups:
        return {}
    q_value = adjust_p_values(
        pd.concat({name: one.table["p_value"] for name, one in groups.items()})
    )
    return {
        name: replace(one, table=_read(one.table, q_value.loc[name]))
        for name, one in groups.items()
    }


def _unshared(table: pd.DataFrame, neighbours: scipy.sparse.csr_array) -> pd.DataFrame:
    """Return what of each trait the mean of the neighbours does not tell, in its own unit."""
    binary = (neighbours > 0).astype(float)
    degree = np.asarray(binary.sum(axis=1)).ravel()
    around = np.asarray(binary @ table.to_numpy()) / np.maximum(degree, 1.0)[:, None]
    slope = (around * table.to_numpy()).sum(0) / np.maximum((around**2).sum(0), 1e-12)
    return table - slope * around


def _read(table: pd.DataFrame, q_value: pd.Series) -> pd.DataFrame:
    elsewhere = pd.Series(data=False, index=table.index)
    for name in ("without_map", "unshared"):
        inside = table[name].between(table["lower"], table["upper"])
        elsewhere |= table[name].notna() & ~inside
    reading = pd.Series("association", index=table.index, dtype="str")
    reading[elsewhere] = "confounded"
    by_chance = (q_value > _FALSE_DISCOVERY_RATE) | table["lower"].le(1) & table["upper"].ge(1)
    reading[by_chance] = "indistinct"
    reading[table["inflation"] > _COLLINEAR] = "collinear"
    return table.assign(q_value=q_value, reading=reading)
