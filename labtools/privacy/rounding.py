"""Keyed random rounding to base 3: small counts are published without singling anyone out.

When to use it: counts of people or events by small area.  When not: a table that must add
up exactly, or a count already public elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import numpy as np
import pandas as pd

from labtools.tables import vocabulary as words

BASE = 3


def round_counts(counts: pd.Series, cells: pd.DataFrame, *, key: bytes, table: str) -> pd.Series:
    """Return each count rounded up or down to a multiple of three, without bias.

    A count ``n = 3q + r`` becomes ``3q + 3`` with probability ``r / 3``, else ``3q``; the
    draw depends on the key, the cell and the count only, so that the same count gives the
    same figure in every edition (averaging editions gains nothing).

    Parameters
    ----------
    counts : pandas.Series of Int64
        True counts; a missing one stays missing.
    cells : pandas.DataFrame
        What names each cell (colonia, quarter, group), aligned with `counts`.
    key : bytes
        Secret of the workbench.
    table : str
        Name of the table, part of each cell's name.

    References
    ----------
    Fellegi, I. P. (1975). Controlled random rounding. Survey Methodology 1, 123-133.
    Fraser, B. & Wooton, J. (2005). A proposed method for confidentialising tabular output
    to protect against differencing. UNECE work session on statistical confidentiality.
    """
    known = counts.notna().to_numpy()
    whole = counts[known].to_numpy(int)
    drawn = draws(cells[known], whole, key=key, table=table)
    remainder = whole % BASE
    rounded = whole - remainder + BASE * (drawn < remainder / BASE)
    published = counts.astype("Int64").copy()
    published[known] = rounded
    return published


def true_range(published: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the least and greatest true count that a published count allows."""
    slack = BASE - 1
    return (published - slack).clip(lower=0), published + slack


def reach_of_sum(cells: np.ndarray, base: int = BASE) -> np.ndarray:
    """Return how far a sum of rounded counts lies from the sum of the true ones.

    Certain for one count; for several it holds 95 times of 100, as their errors make up for one
    another.

    Parameters
    ----------
    cells : numpy.ndarray of int
        Of how many rounded counts each sum is made.
    base : int
        1 where nothing was rounded.
    """
    slack = base - 1
    likely = np.ceil(1.96 * np.sqrt(cells * slack * (slack + 2) / 6))
    return np.asarray(np.minimum(likely, cells * slack).astype(int))


def range_of_sum(count: float, group: str, periods: int, base: int = BASE) -> tuple[float, float]:
    """Return between which limits a true count lies whose published one is a sum of rounded ones.

    Parameters
    ----------
    count : float
        As published.
    group : str
        The total of all groups is the sum of theirs.
    periods : int
        Of how many published counts a group's is the sum.
    base : int
        1 where nothing was rounded.
    """
    cells = periods * (len(words.GROUPS) if group == words.TOTAL else 1)
    reach = float(reach_of_sum(np.array(cells), base))
    return max(0.0, count - reach), count + reach


def draws(cells: pd.DataFrame, counts: np.ndarray, *, key: bytes, table: str) -> np.ndarray:
    """Return a fraction from 0 to 1 for each cell and count, which the key alone tells."""
    columns: Sequence[list[str]] = [_written(cells[column]) for column in cells]
    names = zip(*columns, counts.tolist(), strict=True)
    digests = (
        hmac.digest(key, "\x1f".join((table, *map(str, name))).encode(), hashlib.sha256)
        for name in names
    )
    return np.array([int.from_bytes(digest[:8]) / 2**64 for digest in digests])


def _written(column: pd.Series) -> list[str]:
    if pd.api.types.is_datetime64_any_dtype(column):
        return list(column.dt.strftime("%Y-%m-%d"))
    return list(column.astype(str))


def variance_of_rounding(mean: np.ndarray) -> np.ndarray:
    """Return the variance that rounding adds to Poisson counts of those means.

    A count that is a multiple of three stays as it is and the others vary by two, so that the
    variance is twice the chance of a remainder: small where nearly all counts are zero, and
    4/3 where counts are large.
    """
    even = np.exp(-1.5 * mean) * np.cos(np.sqrt(3) / 2 * mean)
    return np.asarray(4 / 3 * (1 - even))
