"""Subjects as suppliers write them → crime codes, by ordered rules kept as data."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from labtools import paths
from labtools.errors import SettingsError
from labtools.tables import vocabulary as words

_WORD_START = r"(?<![A-Z0-9])"


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """Rules from a supplier's subjects to crime codes.

    Attributes
    ----------
    name, version : str
        File, and edition of its rules.
    rules : tuple of (pattern, code)
        Tried in order.  ``^`` binds a pattern to the beginning, ``*`` stands for any text.
    groups : mapping of str to str
        Crime code → group in which it is shown.
    sensitive : tuple of (pattern, code)
        Rules of ``sensitive_subjects.toml``, tried before all others.
    besides : tuple of pattern
        Words that only sound like one of those: left out before they are tried.
    """

    name: str
    version: str
    rules: tuple[tuple[re.Pattern[str], str], ...]
    groups: Mapping[str, str]
    sensitive: tuple[tuple[re.Pattern[str], str], ...] = ()
    besides: tuple[re.Pattern[str], ...] = ()

    def code_of(self, subject: str) -> str:
        """Return the crime code of one subject, ``unclassified`` where no rule names it."""
        compared = fold_subject(subject)
        bare = compared
        for pattern in self.besides:
            bare = pattern.sub(" ", bare)
        for told, rules in ((bare, self.sensitive), (compared, self.rules)):
            for pattern, code in rules:
                if pattern.search(told):
                    return code
        return words.UNCLASSIFIED


def load_crosswalk(name: str) -> Crosswalk:
    """Return a crosswalk of ``data/reference/crosswalks``.

    Raises
    ------
    SettingsError
        If there is none of that name, or it gives a code that the taxonomy does not have.
    """
    path = paths.bundled("data", "reference", "crosswalks", f"{name}.toml")
    if not path.is_file():
        known = sorted(found.stem for found in path.parent.glob("*.toml"))
        if not name:
            raise SettingsError(
                "A descriptor of events says in no “crosswalk” how its subjects become crime "
                "codes. Write crosswalk = “…” in it, with one of {known}, and under [columns] "
                "which column is the subject.",
                known=tuple(known),
            )
        raise SettingsError(
            "There is no crosswalk called {name}. Those there are: {known}. Correct "
            "“crosswalk” in the descriptor.",
            name=name,
            known=tuple(known),
        )
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    groups = crime_groups()
    unknown = sorted({code for _, code in told["rules"]} - set(groups))
    if unknown:
        raise SettingsError(
            "{path} gives the code {code}, which crime_codes.toml does not have.",
            path=str(path),
            code=unknown[0],
        )
    shared = _sensitive()
    return Crosswalk(
        name,
        told["version"],
        _rules(told),
        groups,
        _rules(shared),
        tuple(pattern_of(words_) for words_ in shared["besides"]),
    )


def crime_groups() -> Mapping[str, str]:
    """Return crime code → group, from ``data/reference/crime_codes.toml``."""
    path = paths.bundled("data", "reference", "crime_codes.toml")
    codes: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["codes"]
    return codes


def classify_subjects(subjects: pd.Series, crosswalk: Crosswalk) -> pd.DataFrame:
    """Return ``crime_code`` and ``crime_group`` for each subject; a missing one is unclassified."""
    unique = subjects.dropna().unique()
    codes = {subject: crosswalk.code_of(subject) for subject in unique}
    code = subjects.map(codes).fillna(words.UNCLASSIFIED).astype("str")
    group = code.map(dict(crosswalk.groups)).astype("str")
    return pd.DataFrame({"crime_code": code, "crime_group": group})


def unclassified_subjects(subjects: pd.Series, codes: pd.Series) -> pd.Series:
    """Return how often each unclassified subject occurs: the queue a person works through."""
    return subjects[codes == words.UNCLASSIFIED].value_counts(dropna=False)


@lru_cache(maxsize=65_536)  # a million events have a few hundred subjects
def fold_subject(subject: str) -> str:
    """Return a subject as compared: capitals, no accents, single spaces."""
    split = unicodedata.normalize("NFKD", subject)
    plain = "".join(c for c in split if not unicodedata.combining(c))
    return " ".join(plain.upper().split())


def pattern_of(rule: str) -> re.Pattern[str]:
    """Return the pattern of a rule: ``^`` binds it to the beginning, ``*`` is any text.

    Any other begins where a word does: DANO is in DANOS and not in CIUDADANO.
    """
    bound, body = ("^", rule[1:]) if rule.startswith("^") else (_WORD_START, rule)
    return re.compile(bound + ".*".join(re.escape(part) for part in body.split("*")))


def _rules(told: Mapping[str, Any]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((pattern_of(rule), code) for rule, code in told["rules"])


def _sensitive() -> dict[str, Any]:
    path = paths.bundled("data", "reference", "sensitive_subjects.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
