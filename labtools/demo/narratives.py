"""The short accounts that come with case files, some with personal details on purpose."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from labtools.demo.kinds import kinds
from labtools.demo.names import without_accents

PERSONAL_SHARE = 0.15  # narratives that name somebody


def narratives(kind: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Return one account per case file, consistent with its kind.

    A share `PERSONAL_SHARE` of them has invented names, telephones, plates or addresses: what
    the workbench must find and remove.
    """
    book = _book()
    stories = [book["stories"][each.story] for each in kinds()]
    which = rng.random(len(kind))
    fillings = _fillings(len(kind), rng)
    personal = rng.random(len(kind)) < PERSONAL_SHARE
    accounts = []
    for k, position in enumerate(kind):
        told = stories[position]
        facts = {name: values[k] for name, values in fillings.items()}
        account = told[int(which[k] * len(told))].format_map(facts)
        if personal[k]:
            account = f"{account} {_identity(facts['calle'], rng)}"
        accounts.append(account[0].upper() + account[1:])
    return accounts


def labelled_narratives(rng: np.random.Generator, *, each: int) -> pd.DataFrame:
    """Return accounts whose kind is known, `each` of every form of telling them.

    Returns
    -------
    pandas.DataFrame
        ``text``, ``group`` (of crime), ``form`` (which way of telling it) and ``variant`` (its
        number among those of its story).
    """
    group = {kind.story: kind.group for kind in kinds()}
    rows = []
    for story, forms in _book()["stories"].items():
        for variant, form in enumerate(forms):
            fillings = _fillings(each, rng)
            for k in range(each):
                facts = {name: values[k] for name, values in fillings.items()}
                text = form.format_map(facts)
                rows.append((text, group.get(story), f"{story}{variant}", variant))
    table = pd.DataFrame(rows, columns=["text", "group", "form", "variant"])
    return table.dropna(subset=["group"]).reset_index(drop=True)


def _fillings(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    filled = {name: rng.choice(words, n) for name, words in _book()["fillings"].items()}
    pesos = 50 * np.ceil(rng.lognormal(7.3, 0.9, n) / 50).astype(int)
    return {**filled, "monto": np.char.mod("%d", pesos)}


def _identity(street: str, rng: np.random.Generator) -> str:
    people = _book()["identities"]
    first, last = str(rng.choice(people["first"])), str(rng.choice(people["last"]))
    four, three, number = rng.integers(1_000, 9_999), rng.integers(100, 999), rng.integers(1, 400)
    # Numbers of an area code and of letters that no real line or car has.
    telephone = (f"999 000 {four}", f"999000{four}", f"(999) 000-{four}")[int(rng.integers(3))]
    given, family = (without_accents(name).lower().partition(" ")[0] for name in (first, last))
    return str(rng.choice(people["phrases"])).format(
        nombre=f"{first} {last}",
        telefono=telephone,
        calle=street,
        numero=number,
        correo=f"{given}.{family}{number}@correo.example",
        placas=f"ZZZ-{three}-Z",
    )


@cache
def _book() -> dict[str, Any]:
    return tomllib.loads(
        files("labtools.demo").joinpath("narratives.toml").read_text(encoding="utf-8")
    )
