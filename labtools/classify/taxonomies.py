"""Other people's classifications, and how counts by our crime codes read in them.

Kept as data in ``data/reference/taxonomies``, with their version.  Use them to compare with
official figures or abroad; do not use a correspondence backwards: many of our codes may fall
in one of theirs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

import pandas as pd

from labtools import paths
from labtools.classify.crosswalk import crime_groups, fold_subject, pattern_of
from labtools.errors import TableError
from labtools.tables.contracts import check_table, empty_table

Classification = Literal[
    "cndfe", "sesnsp_goods", "iccs", "ensu_conducts", "lgpsvd_ambits", "pronapred_factors"
]
Target = Literal["cndfe", "iccs", "ensu_conducts"]
CLASSIFICATIONS: tuple[Classification, ...] = get_args(Classification)
TARGETS: tuple[Target, ...] = get_args(Target)
#: Stands for what has no counterpart in a classification, so that totals are kept.
NONE = ""


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A classification that others publish.

    Attributes
    ----------
    name, version, title : str
    items : mapping of str to str
        Code → its official words.
    """

    name: str
    version: str
    title: str
    items: Mapping[str, str]


def load_taxonomy(name: Classification) -> Taxonomy:
    """Return a classification as its publisher words it."""
    told = _told(name)
    return Taxonomy(name, told["version"], told["title"], MappingProxyType(told["items"]))


def load_correspondence(target: Target) -> Mapping[str, str]:
    """Return our crime code → code of `target`; `NONE` where it has no counterpart."""
    return MappingProxyType(_told("correspondences")[target])


def sesnsp_titles() -> tuple[tuple[str, str, str, str], ...]:
    """Return every (good, type, subtype, mode) of instrument CNSP/38/15, in its order."""
    goods = load_taxonomy("sesnsp_goods").items
    told = _told("sesnsp")
    return tuple(
        (goods[good], kind, subtype, mode)
        for good in goods
        for kind, subtypes in told[good].items()
        for subtype, modes in subtypes.items()
        for mode in modes or [subtype]
    )


def recode(counts: pd.Series, target: Target) -> pd.Series:
    """Return counts by our crime code (the index) as counts by code of `target`.

    What has no counterpart is counted under `NONE`: the total is that of `counts`.

    Raises
    ------
    TableError
        If a code is none of ours: its counts would be lost.
    """
    known = load_correspondence(target)
    strange = [str(code) for code in counts.index if code not in known]
    if strange:
        raise TableError(
            "{n} codes are not in crime_codes.toml; the first is {code}. Classify the subjects "
            "again, or add the code.",
            n=len(strange),
            code=strange[0],
        )
    return counts.groupby(counts.index.map(dict(known))).sum(min_count=1)


def recoded(codes: pd.Series, source: str) -> pd.DataFrame:
    """Return how many events each code of other classifications has, with their official words.

    Parameters
    ----------
    codes : pandas.Series of str
        Our crime code of each event.

    Returns
    -------
    pandas.DataFrame
        Canonical table ``counts_recoded``; each classification adds up to all events, those without
        counterpart under a missing code.
    """
    counts = codes.value_counts()
    parts = []
    for target in TARGETS if len(counts) else ():
        found = recode(counts, target).rename_axis("code").rename("events").reset_index()
        title = found["code"].map(dict(load_taxonomy(target).items))
        code = found["code"].where(found["code"].ne(NONE))
        told = {"source": source, "classification": target, "code": code, "title": title}
        parts.append(found.assign(**told))
    if not parts:
        return empty_table("counts_recoded")
    columns = list(empty_table("counts_recoded").columns)
    return check_table("counts_recoded", pd.concat(parts, ignore_index=True)[columns])


def signs_of(subjects: pd.Series) -> pd.Series:
    """Return the ENSU conduct that each subject of a call, offence or report is a sign of.

    `NONE` where it is a sign of none of them, or says nothing.
    """
    rules = [(pattern_of(rule), code) for rule, code in _told("signs")["rules"]]

    def sign_of(subject: str) -> str:
        folded = fold_subject(subject)
        return next((code for pattern, code in rules if pattern.search(folded)), NONE)

    found = {subject: sign_of(subject) for subject in subjects.dropna().unique()}
    return subjects.map(found).fillna(NONE).astype("str")


def check_correspondences() -> None:
    """Refuse tables in which one of our codes is missing, or falls in a code nobody knows.

    Raises
    ------
    TableError
        Names the first one.
    """
    for target in TARGETS:
        known, items = load_correspondence(target), load_taxonomy(target).items
        wrong = sorted(set(known) ^ set(crime_groups()))
        wrong += sorted(code for code in known.values() if code not in items and code != NONE)
        if wrong:
            raise TableError(
                "The correspondence with {target} is not whole at {code}: each code of "
                "crime_codes.toml must stand in it once, with a code that exists.",
                target=target,
                code=wrong[0],
            )


def _told(name: str) -> dict[str, Any]:
    path = paths.bundled("data", "reference", "taxonomies", f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
