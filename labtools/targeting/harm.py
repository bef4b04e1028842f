"""How much harm there is to avert in each colonia, with its doubt: recorded and never recorded.

When to use it: to weigh colonias against each other before choosing actions.  When not: as a
forecast of a month, or as a list of the worst; reporting differs among colonias and its draws
are part of every comparison.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labtools.analysis.smoothing import fit_gamma_poisson
from labtools.analysis.underreporting import Reporting
from labtools.errors import AnalysisError


def crime_draws(
    counts: pd.DataFrame, population: pd.Series, *, size: int, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Return, by group, draws of the recorded crimes to expect in a year in each colonia.

    Parameters
    ----------
    counts : pandas.DataFrame
        Case files of a year by colonia (rows) and group (columns).
    population : pandas.Series
        Residents; a colonia without any, or without a count, is left out of the sums.

    Returns
    -------
    mapping of group to pandas.DataFrame, shape (size, n_colonias)
        Index ``draw``; columns are colonias.  Missing where a rate cannot be had.
    """
    people = population.reindex(counts.index)
    found = {}
    for group in counts.columns:
        events = counts[group].astype(float)
        fit = fit_gamma_poisson(events, people)
        rates = fit.draws(np.broadcast_to(events.to_numpy(), (size, len(events))), people, rng=rng)
        expected = np.asarray(rates) * people.to_numpy(float)
        index = pd.RangeIndex(size, name="draw")
        found[str(group)] = pd.DataFrame(expected, index=index, columns=counts.index)
    return found


def reporting_draws(
    reporting: Reporting,
    reported: pd.Series,
    victims: pd.Series,
    *,
    size: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return draws of the probability that a crime is recorded, shape (size, n_colonias)."""
    yes = reported.reindex(victims.index).fillna(0).to_numpy(float)
    asked = victims.fillna(0).to_numpy(float)
    drawn = rng.beta(reporting.alpha + yes, reporting.beta + asked - yes, (size, len(victims)))
    index = pd.RangeIndex(size, name="draw")
    return pd.DataFrame(np.clip(drawn, 0.01, 1.0), index=index, columns=victims.index)


def harm_draws(
    crimes: Mapping[str, pd.DataFrame],
    recorded_share: pd.DataFrame | None,
    weights: Mapping[str, float],
) -> dict[str, pd.DataFrame]:
    """Return draws of harm by group: crimes that happened, times what one of them weighs.

    Parameters
    ----------
    crimes : mapping of group to pandas.DataFrame
        Recorded crimes: see `crime_draws`.
    recorded_share : pandas.DataFrame, optional
        See `reporting_draws`; without it only recorded harm is counted.
    weights : mapping of group to float
        What a crime of a group weighs; 1 for all counts crimes.

    Raises
    ------
    AnalysisError
        If a group has no weight.
    """
    absent = sorted(set(crimes) - set(weights))
    if absent:
        raise AnalysisError(
            "The group {group} has no weight of harm. Give one to each group; 1 counts crimes.",
            group=absent[0],
        )
    if recorded_share is None:
        return {group: table * weights[group] for group, table in crimes.items()}
    return {
        group: table / recorded_share[table.columns].to_numpy() * weights[group]
        for group, table in crimes.items()
    }
