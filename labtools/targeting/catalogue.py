"""The catalogue of interventions with their evidence, the register of agencies, the taxonomies.

They are data (``data/reference/``), checked against these forms whenever they are read; a
workbench's own ``data/reference/`` takes the place of the file that ships.  A figure that
nobody saw in its source has no ``verified_on`` and may not be cited: see `quotable`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from math import log, log1p
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field, model_validator

from labtools.errors import SettingsError
from labtools.forms import Part
from labtools.reference import read_reference

Outcome = Literal["crime", "fear", "trust", "factor"]
Direction = Literal["down", "up", "none", "mixed"]
Measure = Literal["percent_change", "risk_ratio", "rate_ratio", "odds_ratio", "smd", "share_with"]
Ambito = Literal["social", "comunitario", "situacional", "psicosocial"]
Group = Literal["violence", "robbery", "theft", "other"]
Factor = Annotated[int, Field(ge=1, le=8)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
#: Words without a figure: a figure stands with its source and the day it was seen, or nowhere.
Wording = Annotated[str, Field(pattern=r"^[^0-9]*$")]

_VERIFIED = "V"
#: Measures that are a ratio of what was seen with the action to what was seen without it.
RATIOS = ("percent_change", "risk_ratio", "rate_ratio", "odds_ratio")
_NOTHING_LEFT = -100.0


class Effect(Part):
    """One figure or finding of one source about one outcome.

    Attributes
    ----------
    outcome : {"crime", "fear", "trust", "factor"}
        What was measured; crime and fear never stand for each other.
    claim : str
        What the source says, in the lab's words.
    direction : {"down", "up", "none", "mixed"}
        Where the outcome went; "none" means no distinguishable effect.
    measure, value, upto, interval, interval_level
        The figure in the unit of `measure` (percentage, ratio, standard deviations);
        with `upto`, a range from `value`.  Absent where the source gave none that was seen.
    n_studies, design, country, source, doi
        Where it comes from.
    mark : {"V", "V°", "M"}
        Seen in the source, seen in a secondary source, or from memory.
    verified_on, by
        Day on which it was seen in its source, and who saw it; only with mark "V".
    used : bool
        Whether it takes part in the expected effect on a colonia: only a percentage or a
        ratio can, or a finding of no effect; a standard deviation of people's scores cannot.
    reverse : bool
        Whether it compares the laxer rule with the stricter: the action is the inverse.
    local : bool
        Whether it was measured here, by an evaluation of the lab: all of it carries over.
    """

    outcome: Outcome
    claim: str
    direction: Direction
    measure: Measure | None = None
    value: float | None = None
    upto: float | None = None
    interval: tuple[float, float] | None = None
    interval_level: Annotated[float, Field(gt=0, lt=1)] | None = None
    n_studies: Annotated[int, Field(ge=1)] | None = None
    design: str = ""
    country: str = ""
    source: Annotated[str, Field(min_length=3)]
    doi: str = ""
    mark: Literal["V", "V°", "M"]
    verified_on: date | None = None
    by: str = ""
    used: bool = False
    reverse: bool = False
    local: bool = False

    @model_validator(mode="after")
    def _coherent(self) -> Effect:
        if (self.verified_on is not None) != (self.mark == _VERIFIED):
            raise ValueError("verified_on goes with mark V, and with no other")
        if (self.value is None) != (self.measure is None):
            raise ValueError("a value has a measure, and a measure a value")
        if self.used:
            self._usable()
        for figure in self._figures:
            low = _NOTHING_LEFT if self.measure == "percent_change" else 0.0
            if self.measure in RATIOS and figure <= low:
                raise ValueError(f"a {self.measure} lies above {low:g}")
        if self.interval and self.value is not None:
            low, high = self.interval
            if not low <= self.value <= high:
                raise ValueError("the interval must hold the value")
        return self

    def _usable(self) -> None:
        if self.mark != _VERIFIED:
            raise ValueError("only what was verified may be used")
        if not self.by.strip():
            raise ValueError("what is used says in `by` who saw it in its source")
        if self.measure not in RATIOS and not (self.value is None and self.direction == "none"):
            raise ValueError("only a percentage or a ratio, or a finding of no effect, may be used")

    @property
    def _figures(self) -> tuple[float, ...]:
        told = (self.value, self.upto, *(self.interval or ()))
        return tuple(figure for figure in told if figure is not None)

    @model_validator(mode="after")
    def _goes_where_it_says(self) -> Effect:
        told = [figure for figure in (self.value, self.upto) if figure is not None]
        if self.measure in RATIOS and self.direction in {"down", "up"}:
            logs = [as_log_ratio(self, figure) for figure in told]
            if (max(logs) > 0) if self.direction == "down" else (min(logs) < 0):
                raise ValueError(f"the direction is {self.direction}, and the value is not")
        return self

    @property
    def lowers(self) -> bool:
        """Whether the outcome fell with the action (rose with its reverse)."""
        return self.direction == ("up" if self.reverse else "down")

    @property
    def is_quotable(self) -> bool:
        """Whether it may be cited outside the lab."""
        return self.verified_on is not None


def as_log_ratio(effect: Effect, value: float) -> float:
    """Return a figure in an effect's unit as the logarithm of a ratio of risks.

    Of an odds ratio, half: for a common outcome its square root is close to the ratio of risks.
    """
    if effect.measure == "percent_change":
        return log1p(value / 100)
    return log(value) / (2 if effect.measure == "odds_ratio" else 1)


class Intervention(Part):
    """One kind of action and what is known of it.

    Attributes
    ----------
    id, row, name
        Key, place in the review, and Spanish name.
    ambitos, factors, level
        In the official taxonomies; `level` is primario, secundario or terciario.
    mechanism, moderators
        How it is thought to act, and on what its effect was seen to depend: words without figures.
    population, dose, time_to_effect, cost_class, note
        Empty where the review has nothing: what is not known is not filled in.
    scale : {"place", "participants"}
        Whether effects were measured on places or on those who took part.
    strength : int
        3 several reviews or trials, 2 one, 1 few or weak, 0 null or harmful.
    agencies : tuple of str
        Keys of the register.
    acts_on : tuple of str
        Groups of recorded crime that the studies measured.
    conflict : str
        Why reviews differ.
    do_not : str
        Why it is not to be done; empty if it may be.
    out_of_scope : str
        "patrol": this workbench does not allocate patrols.
    effect : tuple of Effect
    """

    id: Key
    row: Annotated[int, Field(ge=1)]
    name: str
    ambitos: tuple[Ambito, ...]
    factors: tuple[Factor, ...]
    level: Literal["primario", "secundario", "terciario"]
    population: str = ""
    mechanism: Wording = ""
    moderators: Wording = ""
    dose: str = ""
    time_to_effect: str = ""
    cost_class: str = ""
    scale: Literal["place", "participants"]
    strength: Annotated[int, Field(ge=0, le=3)]
    agencies: tuple[Key, ...]
    acts_on: tuple[Group, ...] = ()
    conflict: str = ""
    note: str = ""
    do_not: str = ""
    out_of_scope: Literal["", "patrol"] = ""
    effect: tuple[Effect, ...]

    @property
    def may_be_proposed(self) -> bool:
        """Whether the workbench may propose it."""
        return not self.do_not and not self.out_of_scope

    @property
    def conflict_shown(self) -> str:
        """Why reviews differ, if all that is known of it may be cited: else nothing."""
        return self.conflict if all(effect.is_quotable for effect in self.effect) else ""

    def about(self, outcome: Outcome) -> tuple[Effect, ...]:
        """Return what is known of its effect on `outcome`."""
        return tuple(effect for effect in self.effect if effect.outcome == outcome)


class Agency(Part):
    """Who can act: key, name, what it can move, and how the log of actions writes it."""

    id: Key
    name: str
    aliases: tuple[str, ...] = ()
    lever: str = ""


class FactorName(Part):
    """A risk factor of the taxonomy: its number and official name."""

    number: Factor
    name: str


class IndicatorOf(Part):
    """An indicator of the run that speaks of a factor.

    Attributes
    ----------
    key : str
        Indicator of the census or of a survey, or record type of the panel.
    sign : {1, -1}
        1 if more of it means more need.
    kind : {"risk", "asset"}
    """

    key: Key
    factor: Factor
    sign: Literal[1, -1]
    kind: Literal["risk", "asset"]


class ActionWords(Part):
    """Words of the log of actions → an intervention of the catalogue, and factors."""

    words: Annotated[tuple[str, ...], Field(min_length=1)]
    intervention: Key | None = None
    factors: tuple[Factor, ...]


class Interventions(Part):
    """The file ``interventions.toml``; its version is the month in which it was made."""

    version: Annotated[str, Field(pattern=r"^\d{4}-\d{2}")]
    intervention: tuple[Intervention, ...]

    @model_validator(mode="after")
    def _seen_already(self) -> Interventions:
        today = datetime.now(UTC).date().isoformat()
        for one in self.intervention:
            for effect in one.effect:
                # The month of the catalogue counts as come, whatever a machine's clock says.
                seen = effect.verified_on.isoformat() if effect.verified_on else ""
                if seen > today and seen[: len(self.version)] > self.version:
                    raise ValueError(f"{one.id}: verified_on {seen} is a day that has not come")
        return self

    def by_id(self) -> Mapping[str, Intervention]:
        """Return the interventions by key."""
        return {one.id: one for one in self.intervention}

    def for_the_public(self) -> Interventions:
        """Return the catalogue without what is for those who already offended or suffered.

        A page of a colonia that proposes it would point at the few who live there.
        """
        kept = tuple(one for one in self.intervention if one.level != "terciario")
        return self.model_copy(update={"intervention": kept})

    def proposable(self) -> tuple[Intervention, ...]:
        """Return those that the workbench may propose, in the order of the review."""
        return tuple(one for one in self.intervention if one.may_be_proposed)


class Agencies(Part):
    """The file ``agencies.toml``, dated."""

    version: str
    as_of: date
    agency: tuple[Agency, ...]

    def named(self, written: str) -> str:
        """Return the key of the agency that the log writes so; empty if none is."""
        for agency in self.agency:
            if written in {agency.name, *agency.aliases}:
                return agency.id
        return ""


class Taxonomies(Part):
    """The file ``taxonomies.toml``: official words, and what of the run speaks of them."""

    version: str
    ambitos: Mapping[Ambito, str]
    factor: tuple[FactorName, ...]
    indicator: tuple[IndicatorOf, ...]
    action: tuple[ActionWords, ...]


@cache
def read_interventions(reference: Path | None = None) -> Interventions:
    """Return the catalogue: the workbench's own in `reference` if there is one, else ours.

    Raises
    ------
    SettingsError
        If an entry breaks the form: where, and what was expected.
    """
    found = _read("interventions", Interventions, reference)
    agencies = {agency.id for agency in read_agencies(reference).agency}
    for one in found.intervention:
        unknown = sorted(set(one.agencies) - agencies)
        if unknown:
            raise SettingsError(
                "The intervention {intervention} names the agency {agency}, which the register "
                "agencies.toml does not have. Add it there, or correct the catalogue.",
                intervention=one.id,
                agency=unknown[0],
            )
    return found


@cache
def read_agencies(reference: Path | None = None) -> Agencies:
    """Return the register of agencies, as `read_interventions` does."""
    return _read("agencies", Agencies, reference)


@cache
def read_taxonomies(reference: Path | None = None) -> Taxonomies:
    """Return the taxonomies and what maps to them, as `read_interventions` does."""
    return _read("taxonomies", Taxonomies, reference)


_File = TypeVar("_File", bound=BaseModel)


def _read(name: str, form: type[_File], reference: Path | None) -> _File:
    return read_reference(name, form, reference / f"{name}.toml" if reference else None)
