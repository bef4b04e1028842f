"""Written names of colonias → keys of the register; what is doubtful is left for a person.

A name is compared after folding (see `spelling`).  What is the same as one name of the
register is that colonia; what has slips is, where it is like one colonia only (see
`likeness`); for the rest nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.places.likeness import likest
from labtools.places.spelling import fold_name

__all__ = ["Resolution", "fold_name", "name_queue", "resolve_in_time", "resolve_names"]

_KEY = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]+(?:[_-][0-9A-Za-z]+)*(?![0-9A-Za-z])")


_FOR_A_PERSON = ("doubtful_name", "unknown_name", "ambiguous_name")
_TOLD = ("quality", "likest", "score", "next_likest", "runner_up")


@dataclass(frozen=True, slots=True)
class Resolution:
    """What written names were found to be.

    Attributes
    ----------
    colonia_id : pandas.Series
        Key of the colonia, aligned with the names; missing where not resolved.
    quality : pandas.Series
        ``by_name``, ``by_likeness``, ``doubtful_name``, ``unknown_name``, ``ambiguous_name`` or
        ``no_place``.
    score, runner_up : pandas.Series
        Likeness (0 to 1) to the likest colonia and to the next one; 1 where the name is the
        same, missing where nothing was compared.
    likest, next_likest : pandas.Series
        Keys of those two colonias.
    """

    colonia_id: pd.Series
    quality: pd.Series
    score: pd.Series
    runner_up: pd.Series
    likest: pd.Series
    next_likest: pd.Series


def resolve_names(
    names: pd.Series,
    boroughs: pd.Series | None,
    register: pd.DataFrame,
    *,
    aliases: pd.DataFrame | None = None,
) -> Resolution:
    """Return the colonia that each written name means, or why none is given.

    Parameters
    ----------
    names : pandas.Series of str
        Written names; missing or blank means that none was written.  A name that holds a key of
        the register ("22014_0586 La Sierrita") is that colonia.
    boroughs : pandas.Series of str, optional
        Written boroughs, aligned with `names`; tells homonyms apart, and keeps a name from
        meaning a colonia of another borough; one that the register does not know makes the
        name doubtful, unless no row has one that it knows.
    register : pandas.DataFrame
        Canonical table ``colonias``.
    aliases : pandas.DataFrame, optional
        Canonical table ``aliases``: other names of colonias, and what persons decided.  They
        go before everything; one without colonia says that the name is no place of ours.
    """
    if boroughs is None:
        boroughs = pd.Series(pd.NA, index=names.index, dtype="str")
    asked = pd.DataFrame({"name": _folded(names), "borough": _folded(boroughs)}, index=names.index)
    known = _known(register)
    decided = _known(aliases) if aliases is not None else known.iloc[:0]
    told = asked.drop_duplicates().dropna(subset=["name"])
    written = names[told.index]
    found = _resolved(told, written, known, decided)
    elsewhere = _of_another_borough(asked, told, known) & ~told["name"].isin(set(decided["name"]))
    elsewhere &= found["quality"].isin(["by_name", "by_likeness"])
    found["colonia_id"] = found["colonia_id"].mask(elsewhere)
    found["quality"] = found["quality"].mask(elsewhere, "doubtful_name")
    keys = ["name", "borough"]
    every = asked.merge(told[keys].assign(**found), how="left", on=keys).set_index(asked.index)
    every["quality"] = every["quality"].fillna("no_place")
    texts = ("colonia_id", "quality", "likest", "next_likest")
    return Resolution(
        **{name: every[name].astype("str") for name in texts},
        score=every["score"].astype(float),
        runner_up=every["runner_up"].astype(float),
    )


def resolve_in_time(
    events: pd.DataFrame, register: pd.DataFrame, aliases: pd.DataFrame | None
) -> Resolution:
    """Return the colonia that the written name of each event meant on its day.

    Parameters
    ----------
    events : pandas.DataFrame
        With ``place``, ``borough`` and ``occurred_on``.
    aliases : pandas.DataFrame, optional
        An alias holds from ``valid_from`` until the day before ``valid_until``.
    """
    if aliases is None or aliases[["valid_from", "valid_until"]].isna().all(axis=None):
        return resolve_names(events["place"], events["borough"], register, aliases=aliases)
    limits = pd.concat([aliases["valid_from"], aliases["valid_until"]]).dropna()
    days = np.sort(limits.unique())
    span = pd.Series(np.searchsorted(days, events["occurred_on"], side="right"), events.index)
    parts = []
    for at, those in events.groupby(span):
        first = pd.Timestamp.min if at == 0 else days[at - 1]
        holds = aliases["valid_from"].isna() | (aliases["valid_from"] <= first)
        holds &= aliases["valid_until"].isna() | (aliases["valid_until"] > first)
        names = (those["place"], those["borough"])
        parts.append(resolve_names(*names, register, aliases=aliases[holds]))
    whole = {
        name: pd.concat([getattr(part, name) for part in parts]).reindex(events.index)
        for name in Resolution.__slots__
    }
    return Resolution(**whole)


def name_queue(names: pd.Series, boroughs: pd.Series | None, found: Resolution) -> pd.DataFrame:
    """Return the written names that a person must decide, those of most events first.

    Returns
    -------
    pandas.DataFrame
        Canonical table ``name_queue``: ``written``, ``borough``, ``events``, ``quality``,
        ``likest``, ``score``, ``next_likest``, ``runner_up``.
    """
    open_ = found.quality[names.index].isin(_FOR_A_PERSON)
    told = {name: getattr(found, name)[names.index] for name in _TOLD}
    table = pd.DataFrame({"written": names, "borough": boroughs, **told})[open_]
    table = table.assign(folded=_folded(table["written"]))
    same = table.groupby(["folded", "borough"], dropna=False)
    first = same.head(1).assign(events=same["written"].transform("size"))
    order = first.sort_values(["events", "written"], ascending=[False, True], kind="stable")
    columns = ["written", "borough", "events", *_TOLD]
    return order[columns].reset_index(drop=True)


def _resolved(
    told: pd.DataFrame, written: pd.Series, known: pd.DataFrame, decided: pd.DataFrame
) -> dict[str, pd.Series]:
    """Return what each name is: by decision, by its key, by its very name, by likeness."""
    colonia_id, elsewhere = _looked_up(told, known)
    by_key = _by_key(written, known)
    colonia_id = by_key.fillna(colonia_id)
    decision, _ = _looked_up(told, decided)
    nowhere = told["name"].isin(set(decided.loc[decided["colonia_id"].isna(), "name"]))
    nowhere &= decision.isna()
    colonia_id = decision.fillna(colonia_id)
    exists = told["name"].isin(set(known["name"]) | set(decided["name"]))
    quality = pd.Series("unknown_name", index=told.index, dtype="str")
    quality[exists & ~elsewhere] = "ambiguous_name"
    quality[colonia_id.notna()] = "by_name"
    quality[nowhere] = "no_place"
    colonia_id = colonia_id.mask(nowhere)
    return _with_likeness(told, colonia_id, quality, pd.concat([known, decided]))


def _of_another_borough(asked: pd.DataFrame, told: pd.DataFrame, known: pd.DataFrame) -> pd.Series:
    """Return which names have a written borough that the register does not know.

    It may be one of the next municipality, or ours misspelt.  Where no row has a borough of the
    register, the commonest that is written says nothing: the column holds something else, the
    name of the municipality for instance.
    """
    ours = set(known["borough"].dropna())
    strange = asked["borough"].dropna()
    strange = strange[~strange.isin(ours)]
    if not ours or strange.empty:
        return pd.Series(data=False, index=told.index)
    usual = strange.value_counts().index[0]
    nothing = set() if asked["borough"].isin(ours).any() else {usual}
    return told["borough"].isin(set(strange) - nothing)


def _with_likeness(
    told: pd.DataFrame, colonia_id: pd.Series, quality: pd.Series, known: pd.DataFrame
) -> dict[str, pd.Series]:
    """Compare letter by letter what no name of the register is."""
    known = known.dropna(subset=["colonia_id"])
    keys = pd.Series([*known["colonia_id"], None], dtype="object")  # the last one is for -1
    boroughs = set(known["borough"].dropna())
    open_ = told[quality == "unknown_name"]
    believed = open_["borough"].where(open_["borough"].isin(boroughs), "").fillna("")
    names = known[["name", "borough", "colonia_id"]].fillna({"borough": ""})
    table = likest(
        list(zip(open_["name"], believed, strict=True)),
        list(names.itertuples(index=False, name=None)),
    ).table.set_index(open_.index)
    best = pd.Series(keys.iloc[table["best"]].to_numpy(), index=open_.index, dtype="str")
    second = pd.Series(keys.iloc[table["second"]].to_numpy(), index=open_.index, dtype="str")
    accepted = table["accepted"].astype(bool)
    quality = quality.copy()
    quality[table.index[accepted]] = "by_likeness"
    quality[table.index[~accepted & best.notna()]] = "doubtful_name"
    exact = pd.Series(1.0, index=told.index).where(quality == "by_name")
    return {
        "colonia_id": colonia_id.fillna(best[accepted]),
        "quality": quality,
        "score": exact.fillna(table["score"]),
        "runner_up": table["runner_up"].reindex(told.index),
        "likest": colonia_id.fillna(best),
        "next_likest": second.reindex(told.index),
    }


def _known(table: pd.DataFrame) -> pd.DataFrame:
    columns = {name: _folded(table[name]) for name in ("name", "borough")}
    known = pd.DataFrame({**columns, "colonia_id": table["colonia_id"]})
    return known.dropna(subset=["name"])  # a colonia without a name is nobody's written name


def _by_key(written: pd.Series, known: pd.DataFrame) -> pd.Series:
    """Return the one key of the register that stands in a written name."""
    keys = {key.casefold(): key for key in known["colonia_id"].dropna() if _is_code(key)}
    found = {}
    for at, name in written.items():
        words = {word.casefold() for word in _KEY.findall(name)}
        here = sorted(words & keys.keys()) if keys else []
        if len(here) == 1:
            found[at] = keys[here[0]]
    return pd.Series(found, dtype="object").reindex(written.index)


def _is_code(key: str) -> bool:
    """Tell whether a key can be no word or number of a name."""
    # "1917" is a name, and 76030 a postal code.
    return len(key) >= 5 and any(c.isdigit() for c in key) and not key.isdigit()  # noqa: PLR2004


def _looked_up(asked: pd.DataFrame, known: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the colonia of each name and borough, and whether it stands only in another one.

    A borough that the register does not know says nothing; one that it knows is believed.
    """
    by_both = _unique(known.dropna(subset=["borough"]), ["name", "borough"])
    by_name = _unique(known, ["name"]).rename(columns={"borough": "found_in"})
    found = asked.merge(by_both, how="left", on=["name", "borough"]).set_index(asked.index)
    wider = asked.merge(by_name, how="left", on="name").set_index(asked.index)
    believed = asked["borough"].isin(set(known["borough"].dropna())) & wider["found_in"].notna()
    elsewhere = believed & (wider["found_in"] != asked["borough"])
    colonia_id = found["colonia_id"].fillna(wider["colonia_id"].mask(elsewhere))
    return colonia_id, elsewhere


def _folded(names: pd.Series) -> pd.Series:
    unique = {name: fold_name(name) or None for name in names.dropna().unique()}
    return names.map(unique).astype("str")


def _unique(known: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return known.drop_duplicates([*keys, "colonia_id"]).drop_duplicates(keys, keep=False)
