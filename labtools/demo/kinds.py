"""The kinds of crime that happen in the municipality, as a prosecutor's office names them."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple, cast, get_args

import numpy as np

Group = Literal["violence", "robbery", "theft", "other", "sensitive"]
GROUPS: tuple[Group, ...] = get_args(Group)
STREET: tuple[Group, ...] = ("violence", "robbery", "theft")

# Titles of the national monthly count (SESNSP): protected good, type, subtype, mode.
Title = tuple[str, str, str, str]

# Weight of each hour of the day.
HOURS: dict[str, tuple[int, ...]] = {
    "any": (2, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 5, 4, 3),
    "day": (1, 1, 1, 1, 1, 2, 3, 5, 7, 9, 10, 10, 9, 9, 9, 9, 9, 8, 7, 6, 4, 3, 2, 1),
    "evening": (3, 2, 1, 1, 1, 2, 4, 4, 3, 3, 3, 3, 4, 4, 4, 4, 5, 6, 8, 10, 11, 10, 8, 5),
    "night": (10, 9, 8, 6, 4, 3, 2, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 4, 5, 7, 8, 9, 10, 10),
}


class Kind(NamedTuple):
    """One kind of crime.

    Attributes
    ----------
    name : str
        As the prosecutor's office writes it.
    group : str
        One of `GROUPS`.
    share : float
        Its weight among the *recorded* crimes of its group.
    reporting : float
        Multiplies the reporting probability of the colonia.
    hours : str
        When it happens: a key of `HOURS`.
    story : str
        Which narratives fit it.
    title : tuple of str
        Where the national count puts it.
    """

    name: str
    group: Group
    share: float
    reporting: float
    hours: str
    story: str
    title: Title


@cache
def kinds() -> tuple[Kind, ...]:
    """Return the kinds of crime; elsewhere a kind is known by its position here."""
    return tuple(
        Kind(
            name=row["name"],
            group=cast("Group", row["group"]),
            share=float(row["share"]),
            reporting=float(row["reporting"]),
            hours=row["hours"],
            story=row["story"],
            title=_title(row),
        )
        for row in _rows()
        if row["name"]
    )


@cache
def titles() -> tuple[Title, ...]:
    """Return the titles of the national layout, those of which nothing happened included."""
    return tuple(sorted({_title(row) for row in _rows()}))


def kinds_of(group: Group) -> np.ndarray:
    """Return the positions of the kinds of one group."""
    return np.array([k for k, kind in enumerate(kinds()) if kind.group == group])


def recorded_mix(group: Group) -> np.ndarray:
    """Return the share of each kind of a group among its recorded crimes."""
    shares = np.array([kind.share for kind in kinds() if kind.group == group])
    return np.asarray(shares / shares.sum())


def group_reporting() -> np.ndarray:
    """Return the reporting factor of each group, shape (5,).

    Shares are of *recorded* crimes, so a kind that is seldom reported weighs more among the
    true ones: the factor of a group is the harmonic mean of those of its kinds.
    """
    factors = []
    for group in GROUPS:
        each = np.array([kind.reporting for kind in kinds() if kind.group == group])
        factors.append(1 / (recorded_mix(group) / each).sum())
    return np.array(factors)


def _title(row: dict[str, str]) -> Title:
    return (row["good"], row["type"], row["subtype"], row["mode"])


def _rows() -> list[dict[str, str]]:
    with files("labtools.demo").joinpath("kinds.csv").open(encoding="utf-8") as table:
        return list(csv.DictReader(table))
