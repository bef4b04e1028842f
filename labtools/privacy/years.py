"""A colonia's calendar year, rounded as one figure: nearer the truth than its sixteen quarters.

When to use it: to say how much crime was recorded in a whole year, from January to December.
When not: for twelve months that end elsewhere.  Those overlap from edition to edition, and
figures that overlap tell what lies between them; they are summed from the rounded quarters.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.privacy.keys import Keyring
from labtools.privacy.rounding import BASE, draws
from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table

_SLACK = BASE - 1
_QUARTERS = 4
_KEYS = ["colonia_id", "year"]


def years_table(quarters: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical table ``years`` of counts that are known: four quarters of all groups.

    Parameters
    ----------
    quarters : pandas.DataFrame
        Canonical table ``quarters``, as it is counted.
    """
    total = _summed(quarters)["events"]
    table = total.rename("events").reset_index()
    state = pd.Series(words.SHOWN, index=table.index, dtype="str")
    return check_table(
        "years",
        table.assign(
            events_low=table["events"],
            events_high=table["events"],
            state=state.mask(table["events"].isna(), words.MISSING),
        ),
    )


def protect_years(
    quarters: pd.DataFrame,
    protected: pd.DataFrame,
    withheld: frozenset[str],
    *,
    key: bytes | Keyring,
) -> pd.DataFrame:
    """Return the years that may be released: each rounded to base 3 on its own.

    A year beside its own rounded quarters could tell one of them: of sixteen zeros and a year
    of three, more is known than of either.  A year is therefore rounded only towards the side
    that leaves every quarter the range it had (`low` and `high` of the sums that the rounded
    quarters allow hold the figure), and towards the other with so much less probability that
    the mean over keys stays the true count.

    Parameters
    ----------
    quarters, protected : pandas.DataFrame
        Canonical table ``quarters``: true, and as `protect_quarters` made it; same rows.
    withheld : frozenset of str
        Colonias about which nothing is shown.

    Notes
    -----
    With ``L`` and ``U`` the least and greatest sum that the rounded quarters allow and ``Y`` the
    year published, ``L <= Y <= U`` leaves each quarter three values or more: its upper end is at
    least ``Y + 2 - L >= 2`` above its lower one, and so on the other side.  The attack of all
    editions together proves it again at each release.

    References
    ----------
    Fellegi, I. P. (1975). Controlled random rounding. Survey Methodology 1, 123-133.
    """
    table = years_table(quarters)
    both = quarters.assign(
        low=(protected["events"] - _SLACK).clip(lower=0), high=protected["events"] + _SLACK
    )
    sums = _summed(both).reindex(pd.MultiIndex.from_frame(table[_KEYS]))
    hidden = table["colonia_id"].isin(withheld) | sums["low"].isna().to_numpy()
    known = table["events"].notna().to_numpy() & ~hidden.to_numpy()
    forced = _forced(both).reindex(sums.index).to_numpy()[known]
    ring = key if isinstance(key, Keyring) else Keyring((("", key),))
    published = pd.Series(pd.NA, index=table.index, dtype="Int64")
    shown = table[known]
    for own, mine in ring.split(shown["year"]):
        inside = mine.to_numpy()
        published[shown.index[inside]] = _rounded(
            shown[mine], sums[known][inside], forced[inside], key=own
        )
    low = (published - _SLACK).clip(lower=0)
    return check_table(
        "years",
        table.assign(
            events=published,
            events_low=low,
            events_high=published + _SLACK,
            state=table["state"].mask(table["colonia_id"].isin(withheld), words.SUPPRESSED),
        ),
    )


def _rounded(
    years: pd.DataFrame, sums: pd.DataFrame, forced: np.ndarray, *, key: bytes
) -> np.ndarray:
    """Return each year up or down to a multiple of three, inside what its quarters allow."""
    true = years["events"].to_numpy(int)
    least, most = sums["low"].to_numpy(int), sums["high"].to_numpy(int)
    rest = true % BASE
    below = true - rest
    drawn = draws(years[_KEYS], true, key=key, table="years")
    # What is forced upwards now and then is taken from the times that are free.
    free = (rest / BASE - forced) / np.maximum(1 - forced, 1e-12)
    up = (rest > 0) & ((least > below) | (drawn < free)) & (below + BASE <= most)
    return np.asarray(below + BASE * up)


def _forced(both: pd.DataFrame) -> pd.Series:
    """Return how probable it is, over keys, that the quarters allow no figure below the year.

    They do not where their least sum is within ``rest - 1`` of the true one: the chance of a
    distance of nothing, or of one at most, built up cell by cell.
    """
    count = both["events"].astype(float)
    rest = count % BASE
    nothing = pd.Series(np.select([count == 0, rest == 1], [1.0, 1 / BASE]), both.index)
    one = ((count == 1) | (rest == _SLACK)) * (_SLACK / BASE)
    year = both["quarter"].dt.to_period("Y").dt.start_time.rename("year")
    rows = both[["colonia_id"]].assign(year=year, nothing=nothing, one=one, rest=rest, count=count)
    place = rows.groupby(_KEYS).cumcount()
    wide = rows.set_index([*_KEYS, place])[["nothing", "one", "count"]].unstack()
    if wide.empty:
        return pd.Series(dtype=float, index=wide.index)
    at_nothing = np.ones(len(wide))
    at_one = np.zeros(len(wide))
    for cell in range(place.max() + 1):
        none = wide["nothing"][cell].fillna(1.0).to_numpy()
        single = wide["one"][cell].fillna(0.0).to_numpy()
        at_one = at_one * none + at_nothing * single
        at_nothing = at_nothing * none
    total = wide["count"].sum(axis=1) % BASE
    return pd.Series(
        np.select([total == 1, total == _SLACK], [at_nothing, at_nothing + at_one]),
        index=wide.index,
    )


def _summed(quarters: pd.DataFrame) -> pd.DataFrame:
    """Return sums by colonia and calendar year; missing where a quarter or a group is."""
    year = quarters["quarter"].dt.to_period("Y").dt.start_time.rename("year")
    columns = [c for c in ("events", "low", "high") if c in quarters]
    grouped = quarters.groupby([quarters["colonia_id"], year])[columns]
    whole = grouped.size() == _QUARTERS * len(words.GROUPS)
    sums = grouped.sum(min_count=_QUARTERS * len(words.GROUPS))
    return sums[whole]
