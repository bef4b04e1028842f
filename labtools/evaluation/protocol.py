"""The plan of an evaluation, written and sealed before its outcomes are read.

One TOML file says what is asked, of whom, against whom, how, until when, and what would be
concluded.  When to use it: always, also for a programme that already runs; the date of the
seal then says how much was known.  When not: to describe an analysis after the fact.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from labtools.errors import SettingsError
from labtools.forms import Day, Part, read_checked
from labtools.messages import mark

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,39}$")]
Text = Annotated[str, Field(min_length=1)]
Group = Literal["violence", "robbery", "theft", "other"]


class Crime(Part):
    """Recorded crime: the groups counted together.

    Attributes
    ----------
    groups : tuple of str
        Of those shown by colonia.
    harm : mapping of str to float
        What one event of each of these groups weighs, on a scale that the lab declares; none means
        that harm is not told.  It decides nothing: the verdict is on counts.
    """

    groups: tuple[Group, ...] = Field(min_length=1)
    harm: dict[Group, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _weighed(self) -> Self:
        if self.harm and set(self.harm) != set(self.groups):
            raise PydanticCustomError("not_all_weighed", "harm of other groups")
        return self


class Perception(Part):
    """What people answer: one indicator of the lab's survey."""

    indicator: Text


class Outcomes(Part):
    """What is measured: crime and perception, always both."""

    crime: Crime
    perception: Perception


class Units(Part):
    """Who is in, and how they were chosen.

    Attributes
    ----------
    stages : tuple of str
        Stages of the programme that are evaluated; none means all.
    colonias : int
        How many colonias are to enter.
    chosen : {"by_records", "by_lottery", "otherwise"}
        Whether the choice looked at the records that are now the outcome.
    chosen_on : tuple of str
        Days on which colonias were chosen, ISO; a colonia belongs to the last one before its
        entry.
    months_looked_at : int
        Months of records that the choice looked at, before each of those days.
    lots : str
        Checksum (sha256) of ``protocols/<id>.lots.csv``, the lots that a staggered start was drawn
        from; randomisation inference then draws from them, and not from all that could be.
    """

    stages: tuple[str, ...] = ()
    colonias: Annotated[int, Field(ge=1)]
    chosen: Literal["by_records", "by_lottery", "otherwise"]
    chosen_on: tuple[Day, ...] = Field(min_length=1)
    months_looked_at: Annotated[int, Field(ge=0)] = 0
    lots: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


#: What a protocol may plan.  One start: all places evaluated entered in the same quarter.
Method = Literal[
    "imputed_counts",  # Poisson event study by imputation; waves; also places chosen by records
    "group_time",  # Callaway and Sant'Anna's group-time effects; waves
    "synthetic_control",  # one start, few of many colonias
    "synthetic_difference",  # one start
    "micro_synthetic",  # one start, dozens of small colonias
    "interrupted_series",  # one start; their series over that of the others
    "weighted_displacement",  # one start, pairs of one level, and the ring
    "randomisation",  # one start, chosen by lottery
    "spatial_permutation",  # one start
]


class Design(Part):
    """How the programme is told apart from all else.

    Attributes
    ----------
    method : str
        The design that decides; :mod:`labtools.evaluation.designs`.  A choice by records bears
        ``imputed_counts`` alone.
    also : tuple of str
        Designs that are told beside it, and conclude nothing.
    comparison : str
        Who the comparison is, in words.
    neighbours : {"own_effect", "compared"}
        Colonias beside the programme: with an effect of their own, or taken for untouched.
    anticipation_months : int
        Months before the entry in which the programme could already be felt.
    """

    method: Method
    also: tuple[Method, ...] = ()
    comparison: Text
    neighbours: Literal["own_effect", "compared"] = "own_effect"
    anticipation_months: Annotated[int, Field(ge=0)] = 0


class Span(Part):
    """First and last month of the outcome that is analysed."""

    first_month: Month
    last_month: Month


class Analysis(Part):
    """What will be concluded from which figure.

    Attributes
    ----------
    error : float
        False alarms accepted over all looks and both outcomes.
    looks : tuple of str
        Last months of data (``YYYY-MM``) at which it is decided; at any other there is no
        verdict.
    stopping : str
        When the programme or the evaluation ends early, in words.
    minimum_effect : float
        Smallest change of crime, in per cent, that would be worth the programme.
    """

    error: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    looks: tuple[Month, ...] = Field(min_length=1)
    stopping: Text
    minimum_effect: Annotated[float, Field(gt=0, lt=100)]


class Delivery(Part):
    """What was to be done, and what it costs.

    Attributes
    ----------
    actions_per_month : float
        Actions planned by colonia and month in the programme.
    cost, cost_currency, cost_source : float, str, str
        What the programme costs over the window, all told; 0 where it is not known.
    """

    actions_per_month: Annotated[float, Field(ge=0)] = 0.0
    cost: Annotated[float, Field(ge=0)] = 0.0
    cost_currency: str = "MXN"
    cost_source: str = ""


class Protocol(Part):
    """One evaluation, as it was planned.

    Attributes
    ----------
    id : str
        Small letters, digits and hyphens; the file's name.
    title, question, responsible : str
        For readers.
    intervention : str
        Its key in the catalogue of evidence, where it is there; for the learning loop.
    concurrent : tuple of str
        Other programmes in the same colonias and months, by name.
    """

    id: Key
    title: Text
    question: Text
    responsible: Text
    intervention: str = ""
    concurrent: tuple[str, ...] = ()
    outcomes: Outcomes
    units: Units
    design: Design
    window: Span
    analysis: Analysis
    delivery: Delivery = Delivery()

    @property
    def level(self) -> float:
        """Cover of the intervals: the error is shared by the looks and the two outcomes."""
        return 1 - self.analysis.error / (2 * len(self.analysis.looks))


def read_protocol(path: Path) -> Protocol:
    """Return a protocol.

    Raises
    ------
    SettingsError
        If it cannot be read, an entry is not valid, or its name is not its id.
    """
    advice = mark("The protocol of the demo shows every entry.")
    protocol = read_checked(path, Protocol, advice=advice)
    if protocol.id != path.stem:
        raise SettingsError(
            "The protocol {path} calls itself {id}. Give the file that name: {id}.toml.",
            path=str(path),
            id=protocol.id,
        )
    return protocol


def digest_of_protocol(protocol: Protocol) -> str:
    """Return the checksum of what a protocol says; comments and spaces do not count."""
    told = protocol.model_dump(mode="json")
    # Seals of plans that were made before these entries were known stand.
    if not protocol.design.also:
        del told["design"]["also"]
    if not protocol.units.lots:
        del told["units"]["lots"]
    if not protocol.outcomes.crime.harm:
        del told["outcomes"]["crime"]["harm"]
    said = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()
