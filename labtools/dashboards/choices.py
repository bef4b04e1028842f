"""What a reader may choose: colonias by name, typed with or without accents, and crime groups."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from labtools.messages import text
from labtools.tables import vocabulary as words

GROUPS = (words.TOTAL, *words.GROUPS)


@dataclass(frozen=True, slots=True)
class ColoniaChoice:
    """One colonia as a list shows it.

    Attributes
    ----------
    colonia_id : str
        Its key in the register.
    label : str
        Its name; with its borough where another colonia has the same name, and with its
        key where even that is not enough.
    """

    colonia_id: str
    label: str


def colonia_choices(colonias: pd.DataFrame) -> tuple[ColoniaChoice, ...]:
    """Return the colonias in the order of a dictionary, each with a label of its own."""
    names = dict(zip(colonias["colonia_id"], colonias["name"].astype(str), strict=True))
    boroughs = dict(zip(colonias["colonia_id"], colonias["borough"], strict=True))
    labels = _told_apart(names, {key: _in_borough(names[key], boroughs[key]) for key in names})
    labels = _told_apart(labels, {key: f"{labels[key]} · {key}" for key in names})
    found = [ColoniaChoice(key, label) for key, label in labels.items()]
    return tuple(sorted(found, key=lambda choice: (folded(choice.label), choice.colonia_id)))


def matching(choices: Sequence[ColoniaChoice], typed: str) -> tuple[ColoniaChoice, ...]:
    """Return the choices that hold every typed word, whatever their accents and capitals.

    Names that begin with what was typed come first.
    """
    wanted = folded(typed)
    held = [c for c in choices if all(part in folded(c.label) for part in wanted.split())]
    return tuple(sorted(held, key=lambda choice: not folded(choice.label).startswith(wanted)))


def folded(name: str) -> str:
    """Return a name without accents, capitals or repeated spaces: "La Cañada" is "la canada"."""
    return " ".join(_bare(_bare(name).casefold()).casefold().split())


def _bare(name: str) -> str:
    parts = unicodedata.normalize("NFKD", name)
    return "".join(character for character in parts if not unicodedata.combining(character))


def group_choices() -> tuple[tuple[str, str], ...]:
    """Return the crime groups as (label, word) pairs, the total first."""
    return tuple((words.label(group), group) for group in GROUPS)


def _told_apart(labels: dict[str, str], longer: dict[str, str]) -> dict[str, str]:
    times = Counter(folded(label) for label in labels.values())
    return {
        key: longer[key] if times[folded(label)] > 1 else label for key, label in labels.items()
    }


def _in_borough(name: str, borough: object) -> str:
    return text("{name} ({borough})", name=name, borough=borough) if pd.notna(borough) else name
