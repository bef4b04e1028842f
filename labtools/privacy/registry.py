"""The registry of published tables: one file that a lab may edit, and what it may not say.

When to use it: wherever it is asked what is published, and under which rule.  When not: to
prove that a table keeps its rule; that is `check_release`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from labtools.errors import PrivacyError
from labtools.forms import Part, Slug
from labtools.privacy.rules import BY_NATURE, CHECKS, PUBLIC_BY_NATURE
from labtools.reference import read_reference
from labtools.tables import vocabulary as words
from labtools.tables.canonical import CONTRACTS

NAME = "published"
#: Columns whose tables hold counts of crime where they stand beside one of `_CRIME`.
_COUNTS = frozenset({"events", "before", "now"})
_CRIME = frozenset({"group", "year", "month", "quarter"})
#: Tables that a lab may leave out; every other one of ours stands on every page.
OPTIONAL = frozenset(
    {
        "years",
        "dark_figure",
        "municipality_dark_figure",
        "fear_gap",
        "survey_plan",
        "perception_change",
        "scoreboard",
        "proposals",
        "evaluation",
        "evaluation_time",
        "evaluation_facts",
        "actions_done",
        "source_files",
    }
)
Said = Annotated[str, Field(min_length=1)]


class RuleWords(Part):
    """What a rule does, in the lab's words: `key`, `title` for the ledger, and `why`."""

    key: Slug
    title: Said
    why: Said


class Published(Part):
    """One published table.

    Attributes
    ----------
    name, rule : str
        A canonical table, and the rule under which it goes out.
    place, period : str
        The finest that it speaks of.
    sensitive : bool
        Whether sensitive crimes may be in it.
    """

    name: Slug
    rule: Slug
    place: Literal["colonia", "municipality", "none"]
    period: Literal["year", "quarter", "month", "survey", "none"]
    sensitive: bool = False


class Registry(Part):
    """The file ``published.toml``."""

    rule: tuple[RuleWords, ...]
    table: tuple[Published, ...]

    @property
    def tables(self) -> Mapping[str, Published]:
        """The published tables by name, in the order of the file."""
        return {one.name: one for one in self.table}

    def title_of(self, rule: str) -> str:
        """Return what the ledger says of a rule."""
        return next(one.title for one in self.rule if one.key == rule)

    def telling_of_people(self) -> frozenset[str]:
        """Return the tables that are not public by nature: each needs its card."""
        return frozenset(one.name for one in self.table if one.rule != BY_NATURE)


def read_registry(own: Path | None = None) -> Registry:
    """Return the registry: a workbench's `own` file if there is one, else the package's.

    Raises
    ------
    SettingsError
        If the file is not TOML or lacks an entry.
    PrivacyError
        If it names a rule or a table that there is not, explains a rule nowhere, gives a table
        a rule that does not protect it, shows a sensitive crime below municipality and year,
        or leaves out what every page needs.
    """
    registry, ours = read_reference(NAME, Registry, own), read_reference(NAME, Registry)
    explained = {one.key for one in registry.rule}
    for one in registry.table:
        _check_known(one, explained)
        _check_sensitive(one)
        _check_protecting(one)
    _check_whole(registry, frozenset(ours.tables))
    return registry


def _check_known(one: Published, explained: set[str]) -> None:
    if one.name not in CONTRACTS:
        raise PrivacyError(
            "The registry of published tables names {table}, which is no canonical table. "
            "Correct its name in published.toml.",
            table=one.name,
        )
    if one.rule not in CHECKS or one.rule not in explained:
        raise PrivacyError(
            "The registry gives the table {table} the rule {rule}, which there is not or which "
            "the file does not explain. Rules are: {known}. Correct it in published.toml, and "
            "explain it under [[rule]].",
            table=one.name,
            rule=one.rule,
            known=tuple(CHECKS),
        )


def _check_sensitive(one: Published) -> None:
    groups = CONTRACTS[one.name].columns.get("group")
    may_hold = groups is not None and words.SENSITIVE in str(groups.checks)
    fine = (one.place, one.period) != ("municipality", "year")
    if one.sensitive and (fine or not may_hold):
        raise PrivacyError(
            "The registry would publish sensitive crimes in {table}, by {place} and {period}. "
            "They are shown for the whole municipality and year only, whatever their count: "
            "take “sensitive” away in published.toml.",
            table=one.name,
            place=one.place,
            period=one.period,
        )


def _check_protecting(one: Published) -> None:
    columns = set(CONTRACTS[one.name].columns)
    counts = columns & _COUNTS and columns & _CRIME
    wrong = (
        (counts and one.rule != "rounded")
        or ("respondents" in columns and one.rule != "respondents")
        or ("both_high" in columns and one.rule != "fear")
        or (one.rule == BY_NATURE and one.name not in PUBLIC_BY_NATURE)
    )
    if wrong:
        raise PrivacyError(
            "The rule {rule} does not protect the table {table}, which holds {columns}. Give it "
            "back its own in published.toml: counts of crime are rounded, estimates need enough "
            "answers, and what is public by nature is decided by the program.",
            table=one.name,
            rule=one.rule,
            columns=tuple(sorted(columns)),
        )


def _check_whole(registry: Registry, ours: frozenset[str]) -> None:
    names = [one.name for one in registry.table]
    twice = sorted({name for name in names if names.count(name) > 1})
    absent = sorted(ours - OPTIONAL - set(names))
    strange = sorted(set(names) - ours)
    if twice or absent or strange:
        raise PrivacyError(
            "The registry of published tables has {twice} twice, lacks {absent}, which every page "
            "needs, and has {strange}, which no edition makes for the public. Correct "
            "published.toml.",
            twice=tuple(twice) or ("—",),
            absent=tuple(absent) or ("—",),
            strange=tuple(strange) or ("—",),
        )
