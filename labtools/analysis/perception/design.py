"""The design of a sample: strata, clusters, weights, and the variance that they give.

When to use it: before any estimate from a survey that was not a simple random sample.  When
not: for a convenience sample (an open form on the web): no design describes who answered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError

Lonely = Literal["refuse", "remove", "centre", "average"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of selection.

    Attributes
    ----------
    within : numpy.ndarray of int, shape (n_rows,)
        The stratum, or the cluster of the stage before, in which units were drawn.
    unit : numpy.ndarray of int, shape (n_rows,)
        The unit drawn, numbered over the whole sample.
    population : numpy.ndarray of float, shape (n_rows,), optional
        How many units there were to draw from; none: drawn with replacement, or from very many.
    """

    within: np.ndarray
    unit: np.ndarray
    population: np.ndarray | None


@dataclass(frozen=True, slots=True)
class Design:
    """A sample as it was drawn, one row per person; see :func:`survey_design`.

    Attributes
    ----------
    weight : numpy.ndarray of float, shape (n_rows,)
        People each row stands for; zero for a row without weight, which takes no part.
    stages : tuple of Stage
        From the first selection to the last.
    lonely : {"refuse", "remove", "centre", "average"}
        What a stratum with a single cluster adds to the variance.
    index : pandas.Index
        Of the rows.
    basis : numpy.ndarray, optional, shape (n_rows, n_totals)
        Of a calibrated sample: ``sqrt(first weight)`` times what was calibrated on,
        made orthonormal; `base_weight` holds the first weights.
    lonely_in_domain : bool
        Whether a stratum of several clusters of which a domain has one only is treated as a
        lonely one is (as R's ``survey.adjust.domain.lonely``); otherwise those outside the domain
        are told apart from it, with nothing to add to it.
    """

    weight: np.ndarray
    stages: tuple[Stage, ...]
    lonely: Lonely
    index: pd.Index
    basis: np.ndarray | None = None
    base_weight: np.ndarray | None = None
    lonely_in_domain: bool = False

    def covariance(self, influence: np.ndarray, inside: np.ndarray | None = None) -> np.ndarray:
        """Return the covariance of estimates, given how much each row moves each of them.

        Parameters
        ----------
        influence : numpy.ndarray, shape (n_rows,) or (n_rows, n_estimates)
            Weighted linearised values: their sum over the sample is the estimate's error.
        inside : numpy.ndarray of bool, shape (n_rows,), optional
            Rows of the domain; a stratum where it has one cluster only is treated as a lonely
            one if `lonely_in_domain`.

        Returns
        -------
        numpy.ndarray, shape (n_estimates, n_estimates)

        Raises
        ------
        AnalysisError
            If a stratum has a single cluster and `lonely` is "refuse".
        """
        moved = np.asarray(influence, float).reshape(len(self.weight), -1)
        moved = self._calibrated(moved)
        found = np.zeros((moved.shape[1], moved.shape[1]))
        drawn = np.ones(len(self.weight))
        for stage in self.stages:
            found += self._stage_covariance(moved, stage, drawn, inside)
            if stage.population is None:
                break
            drawn = drawn * _share_drawn(stage)
        return found

    def degrees_of_freedom(self, inside: np.ndarray | None = None) -> int:
        """Return first-stage clusters less strata, among the rows `inside` that have weight."""
        rows = self.weight > 0
        if inside is not None:
            rows = rows & inside
        first = self.stages[0]
        return len(np.unique(first.unit[rows])) - len(np.unique(first.within[rows]))

    def with_lonely_domains(self) -> Design:
        """Return the same sample, whose domains may have lonely strata: see `lonely_in_domain`."""
        return replace(self, lonely_in_domain=True)

    def reweighted(self, weight: np.ndarray) -> Design:
        """Return the same sample with other weights."""
        return replace(self, weight=weight)

    def _calibrated(self, moved: np.ndarray) -> np.ndarray:
        if self.basis is None or self.base_weight is None:
            return moved
        # The part of the influence that the known totals explain is not uncertain.
        root = np.sqrt(self.base_weight)
        safe = np.where(self.weight > 0, self.weight, 1.0)
        plain = moved / safe[:, None] * root[:, None]
        left = plain - self.basis @ (self.basis.T @ plain)
        back = np.divide(self.weight, root, out=np.zeros_like(root), where=root > 0)
        return np.asarray(left * back[:, None])

    def _stage_covariance(
        self, moved: np.ndarray, stage: Stage, drawn: np.ndarray, inside: np.ndarray | None
    ) -> np.ndarray:
        first = np.unique(stage.unit, return_index=True)[1]
        totals = _sums(moved, stage.unit)
        stratum = np.unique(stage.within[first], return_inverse=True)[1]
        size = np.bincount(stratum)[stratum]
        several = (size > 1) & ~self._lonely_of_domain(stage, first, stratum, inside)
        known = np.ones(len(first)) if stage.population is None else stage.population[first]
        share = size / known if stage.population is not None else np.zeros(len(first))
        alone = ~several & (share < 1)
        self._refuse_lonely(alone, first)
        centre = _sums(totals, stratum)[stratum] / size[:, None]
        if self.lonely == "centre":
            centre = np.where(several[:, None], centre, totals.mean(axis=0))
        scale = np.where(size > 1, size / np.maximum(size - 1, 1), 1.0) * (1 - share) * drawn[first]
        scale = scale * (several | (self.lonely == "centre"))
        away = (totals - centre) * np.sqrt(np.maximum(scale, 0))[:, None]
        found = np.asarray(away.T @ away)
        strata, lonely = len(np.unique(stratum)), len(np.unique(stratum[alone]))
        if self.lonely == "average" and lonely and strata > lonely:
            found = found * strata / (strata - lonely)
        return found

    def _lonely_of_domain(
        self, stage: Stage, first: np.ndarray, stratum: np.ndarray, inside: np.ndarray | None
    ) -> np.ndarray:
        """Return the clusters of strata of which the domain has one cluster only."""
        if inside is None or not self.lonely_in_domain:
            return np.zeros(len(first), bool)
        present = _sums(inside.astype(float)[:, None], stage.unit)[:, 0] > 0
        return np.asarray(np.bincount(stratum, weights=present)[stratum] == 1)

    def _refuse_lonely(self, alone: np.ndarray, first: np.ndarray) -> None:
        if self.lonely == "refuse" and alone.any():
            raise AnalysisError(
                "{n} strata have a single cluster (the first at row {row}), so nothing tells how "
                "much clusters of them differ. Join them with a neighbouring stratum, or choose "
                "remove, centre or average.",
                n=int(alone.sum()),
                row=self.index[first[alone][0]],
            )


def survey_design(
    data: pd.DataFrame,
    *,
    weight: str,
    stratum: str | None = None,
    clusters: tuple[str, ...] = (),
    population: tuple[str, ...] = (),
    lonely: Lonely = "centre",
) -> Design:
    """Describe how the rows of a survey were drawn.

    Parameters
    ----------
    data : pandas.DataFrame
        One row per person asked.
    weight : str
        Column of the expansion factor.  Rows where it is missing take no part.
    stratum : str, optional
        Column of first-stage strata; none: a single one.
    clusters : tuple of str
        Columns of the units drawn at each stage, first to last; none: each row by itself.
        Numbers may repeat in other strata.
    population : tuple of str
        Columns that tell, stage by stage, how many units there were in the stratum (or in the
        cluster of the stage before).  Fewer than stages: later stages are with replacement.
    lonely : {"refuse", "remove", "centre", "average"}
        A stratum with one cluster refuses, adds nothing, is measured from the mean of all
        clusters (the safe side), or counts as an average stratum.
        (Of strata of which a *domain* has one cluster: :meth:`Design.with_lonely_domains`.)

    Raises
    ------
    AnalysisError
        If a column is not there, a weight is negative or no number, a stratum or cluster is
        missing, more units were drawn than there were, or `lonely` is unknown.

    References
    ----------
    Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R, ch. 2-3.
    doi:10.1002/9780470580066
    """
    _check_columns(data, weight, [*([stratum] if stratum else []), *clusters])
    if lonely not in get_args(Lonely):
        raise AnalysisError(
            "A lonely cluster cannot be treated as {asked}. Choose one of {options}.",
            asked=repr(lonely),
            options=", ".join(get_args(Lonely)),
        )
    n = len(data)
    within = pd.factorize(data[stratum])[0] if stratum else np.zeros(n, dtype=int)
    stages = []
    for number, column in enumerate(clusters or (None,)):
        own = np.arange(n) if column is None else pd.factorize(data[column])[0]
        unit = np.unique(within.astype(np.int64) * (n + 1) + own, return_inverse=True)[1]
        known = data[population[number]].to_numpy(float) if number < len(population) else None
        stage = Stage(within, unit, known)
        _check_population(stage, data.index)
        stages.append(stage)
        within = unit
    weights = data[weight].fillna(0.0).to_numpy(float)
    return Design(weights, tuple(stages), lonely, data.index)


def _check_columns(data: pd.DataFrame, weight: str, keys: list[str]) -> None:
    for column in (weight, *keys):
        if column not in data.columns:
            raise AnalysisError(
                "The survey has no column {column}. Those it has: {known}. Correct its name.",
                column=column,
                known=", ".join(map(str, data.columns)),
            )
    for column in keys:
        missing = data.index[data[column].isna()]
        if len(missing):
            raise AnalysisError(
                "{n} rows have no {column} (the first: {row}), so their part of the sample is not "
                "known. Complete it or leave those rows out.",
                n=len(missing),
                column=column,
                row=missing[0],
            )
    weights = pd.to_numeric(data[weight], errors="coerce")
    wrong = (weights < 0) | np.isinf(weights) | (weights.isna() & data[weight].notna())
    negative = data.index[wrong]
    if len(negative):
        raise AnalysisError(
            "{n} weights are negative or no number (the first: row {row}). A weight is the number "
            "of people that somebody stands for: correct the file.",
            n=len(negative),
            row=negative[0],
        )


def _check_population(stage: Stage, index: pd.Index) -> None:
    if stage.population is None:
        return
    beyond = ~(_share_drawn(stage) <= 1 + 1e-12)
    if beyond.any():
        raise AnalysisError(
            "At row {row} more units were drawn than its population column says there are, or it "
            "does not say. Give the number of units of the stratum, not of people.",
            row=index[int(np.argmax(beyond))],
        )


def _share_drawn(stage: Stage) -> np.ndarray:
    first = np.unique(stage.unit, return_index=True)[1]
    units = np.bincount(stage.within[first], minlength=int(stage.within.max()) + 1)
    assert stage.population is not None  # noqa: S101 -- callers ask only where it is known
    return np.asarray(units[stage.within] / stage.population)


def _sums(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    columns = [np.bincount(group, weights=column) for column in values.T]
    return np.column_stack(columns)
