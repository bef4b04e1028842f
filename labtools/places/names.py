"""Written names of colonias → keys of the register; never a guess.

A name is compared after folding case, accents, punctuation and the usual
abbreviations.  What fits no colonia, or several, is left for a person.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

_ABBREVIATIONS = MappingProxyType(
    {
        "frac": "fraccionamiento",
        "fracc": "fraccionamiento",
        "fto": "fraccionamiento",
        "col": "colonia",
        "amp": "ampliacion",
        "ampl": "ampliacion",
        "bo": "barrio",
        "ej": "ejido",
        "res": "residencial",
        "resid": "residencial",
        "u": "unidad",
        "hab": "habitacional",
        "secc": "seccion",
        "sec": "seccion",
        "sta": "santa",
        "sto": "santo",
        "sn": "san",
        "sr": "senor",
        "sra": "senora",
        "gral": "general",
        "ing": "ingeniero",
        "lic": "licenciado",
        "dr": "doctor",
        "prof": "profesor",
        "pdte": "presidente",
        "1a": "primera",
        "1ra": "primera",
        "1era": "primera",
        "2a": "segunda",
        "2da": "segunda",
        "3a": "tercera",
        "3ra": "tercera",
        "4a": "cuarta",
        "4ta": "cuarta",
    }
)
#: Words that say what kind of place it is; many people leave them out.
_KINDS = frozenset({"colonia"})


@dataclass(frozen=True, slots=True)
class Resolution:
    """What written names were found to be.

    Attributes
    ----------
    colonia_id : pandas.Series
        Key of the colonia, aligned with the names; missing where not resolved.
    quality : pandas.Series
        ``by_name``, ``unknown_name``, ``ambiguous_name`` or ``no_place``.
    """

    colonia_id: pd.Series
    quality: pd.Series


def fold_name(name: str) -> str:
    """Return a name as compared: "1ra. Secc. Sta. Lucía" → "primera seccion santa lucia"."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = re.findall(r"[a-z0-9]+", plain.casefold())
    full = [_ABBREVIATIONS.get(word, word) for word in words]
    return " ".join(word for word in full if word not in _KINDS)


def resolve_names(
    names: pd.Series, boroughs: pd.Series | None, register: pd.DataFrame
) -> Resolution:
    """Return the colonia that each written name means, or why none is given.

    Parameters
    ----------
    names : pandas.Series of str
        Written names; missing or blank means that none was written.
    boroughs : pandas.Series of str, optional
        Written boroughs, aligned with `names`; tells homonyms apart, and keeps a name from
        meaning a colonia of another borough.
    register : pandas.DataFrame
        Canonical table ``colonias``.
    """
    folded = _folded(names)
    if boroughs is None:
        boroughs = pd.Series(pd.NA, index=names.index, dtype="str")
    asked = pd.DataFrame({"name": folded, "borough": _folded(boroughs)}, index=names.index)
    known = pd.DataFrame(
        {
            "name": _folded(register["name"]),
            "borough": _folded(register["borough"]),
            "colonia_id": register["colonia_id"],
        }
    ).dropna(subset=["name"])  # a colonia without a name is nobody's written name
    colonia_id, elsewhere = _looked_up(asked, known)
    exists = folded.isin(set(known["name"]))
    quality = pd.Series("unknown_name", index=names.index, dtype="str")
    quality[exists & ~elsewhere] = "ambiguous_name"
    quality[colonia_id.notna()] = "by_name"
    quality[folded.isna()] = "no_place"
    return Resolution(colonia_id.astype("str"), quality)


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
    return known.drop_duplicates(keys, keep=False)
