"""What a published figure says about the counts behind it: sums that lie between two values.

The unknown counts are the rows of one table of cells, as fine as the finest release, with a
column for every way of adding them up (colonia, borough, month, quarter, year, group).  A
release is then a table keyed by some of those columns, and margins, nested places, years of
quarters and sets of colonias need no rule of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError

_NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Claims:
    """What one release says of the cells: ``low <= weights @ cells <= high``.

    Attributes
    ----------
    weights : scipy.sparse.csr_array, shape (n_claims, n_cells)
        Zero where a claim does not speak of a cell.
    low, high : numpy.ndarray, shape (n_claims,)
        In events; infinite where nothing is said.
    """

    weights: scipy.sparse.csr_array
    low: np.ndarray
    high: np.ndarray


def exact_range(figures: pd.Series) -> pd.DataFrame:
    """Return ``low`` and ``high`` of counts published as they are; suppressed ones say nothing."""
    values = figures.astype(float)
    return pd.DataFrame({"low": values.fillna(0.0), "high": values.fillna(np.inf)})


def rounded_range(figures: pd.Series, *, base: int = 3) -> pd.DataFrame:
    """Return ``low`` and ``high`` of counts rounded up or down to a multiple of `base`."""
    values = figures.astype(float)
    low, high = (values - base + 1).clip(lower=0), values + base - 1
    return pd.DataFrame({"low": low.fillna(0.0), "high": high.fillna(np.inf)})


def hidden_range(figures: pd.Series, *, below: int | None = None) -> pd.DataFrame:
    """Return what exact counts and hidden ones (missing) say.

    Parameters
    ----------
    below : int, optional
        Where the sign of a hidden count tells that it is from 1 to ``below - 1``: a token
        such as “<5”.  The audit then counts with it.
    """
    ranges = exact_range(figures)
    if below is not None:
        hidden = figures.isna().to_numpy()
        ranges.loc[hidden, ["low", "high"]] = [1.0, below - 1.0]
    return ranges


def rate_range(
    rates: pd.Series, population: pd.Series, *, per: float, decimals: int
) -> pd.DataFrame:
    """Return the counts that published rates allow to whoever knows the population.

    Parameters
    ----------
    rates : pandas.Series
        Events per `per` people, rounded to `decimals`.
    """
    half = 0.5 * 10.0**-decimals
    people = population.reindex(rates.index) / per
    low = ((rates - half) * people).clip(lower=0).fillna(0.0)
    return pd.DataFrame({"low": low, "high": ((rates + half) * people).fillna(np.inf)})


def sums_within(
    cells: pd.DataFrame, release: pd.DataFrame, by: Sequence[str], *, name: str
) -> Claims:
    """Return the claims of a release whose rows are sums of the cells with the same keys.

    Parameters
    ----------
    cells : pandas.DataFrame, shape (n_cells, …)
        The unknown counts; a part of them, where a release speaks of some only, is passed by
        leaving the keys of the others missing.
    release : pandas.DataFrame
        The columns `by`, ``low`` and ``high``; no `by` is one figure of everything.
    name : str
        Of the release, for the message.

    Raises
    ------
    AnalysisError
        If the release speaks of something that has no cell.
    """
    weights = _membership(cells, release[list(by)], name)
    return Claims(weights, *_whole(release["low"], release["high"]))


def differences_within(
    cells: pd.DataFrame, release: pd.DataFrame, by: Sequence[str], *, name: str
) -> Claims:
    """Return the claims of published differences: the sum ``now`` less the sum ``before``.

    Parameters
    ----------
    release : pandas.DataFrame
        Columns ``<key>_now`` and ``<key>_before`` for every key of `by`, ``low``, ``high``.
    """
    now, before = _two_sums(cells, release, by, name)
    return Claims(scipy.sparse.csr_array(now - before), *_whole(release["low"], release["high"]))


def ratios_within(
    cells: pd.DataFrame, release: pd.DataFrame, by: Sequence[str], *, name: str
) -> Claims:
    """Return the claims of published ratios of the sum ``now`` to the sum ``before``.

    Parameters
    ----------
    release : pandas.DataFrame
        As in :func:`differences_within`; ``low`` and ``high`` limit the ratio.
    """
    now, before = _two_sums(cells, release, by, name)
    low, high = (release[c].to_numpy(float) for c in ("low", "high"))
    said = scipy.sparse.csr_array(
        scipy.sparse.vstack(
            [
                now - scipy.sparse.diags_array(low) @ before,
                now - scipy.sparse.diags_array(high) @ before,
            ]
        )
    )
    nothing = np.full(len(release), np.inf)
    return Claims(said, np.append(0 * low, -nothing), np.append(nothing, 0 * high))


def links(cells: pd.DataFrame, left: pd.Series, by: Sequence[str], *, name: str) -> Claims:
    """Return that two divisions of the same events add up alike, key by key.

    Use it where two releases are finer than each other (colonias by quarter, the municipality
    by month): their cells are in one table, and the cells `left` (boolean) and the others
    count the same events.

    Raises
    ------
    AnalysisError
        If a key has cells on one side only.
    """
    keys = cells[list(by)].dropna().drop_duplicates()
    one, other = cells.copy(), cells.copy()
    one.loc[~left.to_numpy(), list(by)] = None
    other.loc[left.to_numpy(), list(by)] = None
    difference = _membership(one, keys, name) - _membership(other, keys, name)
    zeros = np.zeros(len(keys))
    return Claims(scipy.sparse.csr_array(difference), zeros, zeros)


def joined(claims: Sequence[Claims], n_cells: int) -> Claims:
    """Return all claims as one; the same sum claimed twice keeps what both allow."""
    if not claims:
        return Claims(scipy.sparse.csr_array((0, n_cells)), np.zeros(0), np.zeros(0))
    weights = scipy.sparse.csr_array(scipy.sparse.vstack([one.weights for one in claims]))
    weights.sum_duplicates()
    low = np.concatenate([one.low for one in claims])
    high = np.concatenate([one.high for one in claims])
    # Equal rows have equal sums with random numbers; unequal ones as good as never.
    marks = weights @ np.random.default_rng(0).standard_normal((n_cells, 2))
    _, first, group = np.unique(marks, axis=0, return_index=True, return_inverse=True)
    least, most = np.full(len(first), -np.inf), np.full(len(first), np.inf)
    np.maximum.at(least, group.ravel(), low)
    np.minimum.at(most, group.ravel(), high)
    return Claims(scipy.sparse.csr_array(weights[first]), least, most)


def _two_sums(
    cells: pd.DataFrame, release: pd.DataFrame, by: Sequence[str], name: str
) -> tuple[scipy.sparse.csr_array, scipy.sparse.csr_array]:
    sides = [
        release[[f"{key}_{side}" for key in by]].set_axis(list(by), axis=1)
        for side in ("now", "before")
    ]
    return _membership(cells, sides[0], name), _membership(cells, sides[1], name)


def _membership(cells: pd.DataFrame, keys: pd.DataFrame, name: str) -> scipy.sparse.csr_array:
    """Return ones where a cell has the keys of a row: shape (rows, cells)."""
    by = list(keys.columns)
    if not by:
        return scipy.sparse.csr_array(np.ones((len(keys), len(cells))))
    inside = cells[by].notna().all(axis=1).to_numpy()
    numbered = cells.loc[inside, by].assign(_cell=np.flatnonzero(inside))
    told = keys.reset_index(drop=True).assign(_row=np.arange(len(keys)))
    both = told.merge(numbered, on=by)
    alone = ~told["_row"].isin(both["_row"])
    if alone.any():
        raise AnalysisError(
            "The release {name} speaks of sums without any cell ({n}; the first is {first}). "
            "List every cell behind it before it is audited.",
            name=name,
            n=int(alone.sum()),
            first=", ".join(f"{c}={v}" for c, v in keys[alone.to_numpy()].iloc[0].items()),
        )
    ones = np.ones(len(both))
    return scipy.sparse.csr_array(
        (ones, (both["_row"], both["_cell"])), shape=(len(keys), len(cells))
    )


def _whole(low: pd.Series, high: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return limits of whole numbers, which sums of counts are."""
    return np.ceil(low.to_numpy(float) - _NEAR), np.floor(high.to_numpy(float) + _NEAR)
