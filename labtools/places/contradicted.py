"""Written names that the points of their own events contradict.

A register may give to one colonia the name by which people call another.  Where many events bear
a name and a point, and hardly any of the points lies in the colonia of that name, the name is for
a person to decide: it places no event that has no point.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from labtools.places.names import Resolution, fold_name

#: So many points say where a name is; of a right name, fewer than half hardly ever lie elsewhere,
#: and points that a publisher moves by some streets leave more than this inside.
_FEWEST, _LEAST_SHARE = 10, 0.1


def contradicted_names(
    events: pd.DataFrame, named: Resolution, found: np.ndarray, aliases: pd.DataFrame | None
) -> pd.Series:
    """Return which events bear a name whose events lie elsewhere.

    What a person decided (`aliases`) is not contradicted.

    Parameters
    ----------
    events : pandas.DataFrame
        With ``place`` and ``borough``.
    named : Resolution
        Of these events.
    found : ndarray of object
        Key of the colonia that holds the point of each, "" where it lies in none, None where
        there is no point to trust.

    Returns
    -------
    pandas.Series of bool
    """
    told = pd.DataFrame({"place": events["place"], "borough": events["borough"].fillna("")})
    told["inside"] = pd.Series(found, index=events.index) == named.colonia_id
    known = named.colonia_id.notna() & pd.notna(found)
    by = told[known].groupby(["place", "borough"])["inside"].agg(["size", "mean"])
    wrong = by[(by["size"] >= _FEWEST) & (by["mean"] < _LEAST_SHARE)].index
    decided = {fold_name(name) for name in (aliases["name"] if aliases is not None else ())}
    wrong = [pair for pair in wrong if fold_name(pair[0]) not in decided]
    pairs = pd.MultiIndex.from_frame(told[["place", "borough"]])
    return pd.Series(pairs.isin(wrong) if wrong else False, index=events.index)


def without_contradicted(
    named: Resolution, wrong: pd.Series, found: np.ndarray, events: pd.DataFrame
) -> Resolution:
    """Return the names with those that are contradicted left to a person, beside where they lie."""
    if not wrong.any():
        return named
    lies = pd.Series(found, index=wrong.index).where(wrong).replace("", None)
    places = [events["place"], events["borough"].fillna("")]
    where = lies.dropna().groupby([key[lies.notna()] for key in places]).agg(_commonest)
    at = pd.MultiIndex.from_arrays([key[wrong] for key in places])
    next_likest = named.next_likest.copy()
    next_likest[wrong] = where.reindex(at).to_numpy()
    return replace(
        named,
        colonia_id=named.colonia_id.mask(wrong),
        quality=named.quality.mask(wrong, "doubtful_name"),
        likest=named.colonia_id.where(wrong, named.likest),
        next_likest=next_likest,
    )


def _commonest(keys: pd.Series) -> str:
    return str(keys.value_counts().index[0])
