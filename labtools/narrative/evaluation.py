"""What an evaluation says, in plain words, each sentence from the released tables it cites.

The verdict is the table's, and the sealed protocol's: no sentence here judges anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from math import isnan
from types import MappingProxyType

import pandas as pd

from labtools.messages import day, listed, mark, month, number, say, text
from labtools.narrative.evaluated import Evaluated, interval_of, refusal_of, signed
from labtools.narrative.evaluation_trust import DESIGNS, trust_said
from labtools.tables import vocabulary as words

_ISO = re.compile(r"\b(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?\b")
_MANY = 10  # times: beyond it, tenths tell nothing
SECTIONS = ("verdict", "people", "beside", "trust", "plan", "delivered", "cost", "needed")

_VERDICTS = MappingProxyType(
    {
        "better": mark("It worked: recorded crime fell more than it would have without it."),
        "worse": mark("It did harm, or something else did there: recorded crime rose."),
        "too_small": mark("If it did anything, it was less than what would be worth it."),
        "not_yet_known": mark("We do not know yet whether it changed recorded crime."),
        "not_comparable": mark(
            "No verdict: before the entry these colonias had far more or fewer events than the "
            "others, or did not move as they did; such a comparison errs too often. The figures "
            "are shown, and conclude nothing."
        ),
        "recording_changed": mark(
            "No verdict: after the entry it was recording that changed, and not only crime. The "
            "figures are shown, and conclude nothing."
        ),
        "read_ahead": mark("No verdict yet: this is not a month of decision of the protocol."),
    }
)
_NOBODY = mark(
    "No verdict: no colonia is left to compare with, and what the whole city went through would "
    "pass for an effect. The figures are shown, and conclude nothing."
)
_PEOPLE = MappingProxyType(
    {
        "better": mark("Fewer people feel unsafe than would have without it."),
        "worse": mark("More people feel unsafe than would have without it."),
        "too_small": mark("If people feel safer, it is by too little to tell."),
        "not_yet_known": mark("We do not know yet whether people feel safer."),
        "not_comparable": mark(
            "No verdict: already in the survey before the entry, answers there had moved otherwise "
            "than those of the other colonias. The figures are shown, and conclude nothing."
        ),
        "read_ahead": mark("No verdict yet on how safe people feel."),
    }
)
_DEVIATIONS = MappingProxyType(
    {
        "sealed_late": mark(
            "The protocol was sealed on {sealed_on}, after the first colonia had entered "
            "({first_entry}): outcomes could be known when it was written."
        ),
        "sealed_again": mark(
            "The protocol was sealed {n} times; it said something else on {days}."
        ),
        "colonias": mark("{planned} colonias were to enter, and {entered} did."),
        "left": mark("{n} colonias left the programme before the end."),
        "not_a_look": mark(
            "The data end in {last_month}, which is not a month of decision of the protocol "
            "({looks}): what follows is read ahead, without verdict."
        ),
        "before_choice": mark("{n} colonias entered before the first day on which any was chosen."),
    }
)


def evaluation_sentences(found: Evaluated) -> Mapping[str, tuple[str, ...]]:
    """Return the sentences of each section, in the language in force."""
    return MappingProxyType({name: tuple(_SPEAKERS[name](found)) for name in SECTIONS})


def _verdict(found: Evaluated) -> Sequence[str]:
    refused = found.said("refused")
    if refused:
        return [text("It cannot be told whether it worked: {why}", why=refusal_of(refused))]
    row = found.row("crime", "effect")
    if row is None:
        return []
    verdict = _VERDICTS[row["verdict"]]
    if pd.isna(row["compared"]):
        compared = text("compared with their own past alone")
        verdict = _NOBODY if row["verdict"] == "not_comparable" else verdict
    else:
        compared = text("compared with {compared}", compared=number(row["compared"]))
    first, *others = (words.label(group) for group in found.said("groups").split())
    groups = listed([first, *(other[:1].lower() + other[1:] for other in others)])
    return [
        say(verdict),
        text(
            "{groups}: {change} against what was to be expected without it, in {places} colonias "
            "together, {compared}.",
            groups=groups,
            change=interval_of(row, " %"),
            places=number(row["places"]),
            compared=compared,
        ),
    ]


def _people(found: Evaluated) -> Sequence[str]:
    refused = found.said("refused-perception")
    if refused:
        return [text("How safe people feel cannot be told: {why}", why=refusal_of(refused))]
    row = found.row("perception", "effect")
    if row is None:
        return []
    return [
        say(_PEOPLE[row["verdict"]]),
        text(
            "{indicator}: {change} percentage points, from people asked in {places} colonias of "
            "the programme and {compared} others.",
            indicator=words.label(found.said("indicator")),
            change=interval_of(row, ""),
            places=number(row["places"]),
            compared=number(row["compared"]),
        ),
    ]


#: Whether neighbours have an effect of their own → what is said where the design tells none.
_UNTOLD = MappingProxyType(
    {
        False: mark("Colonias beside the programme were compared as if nothing reached them."),
        True: mark(
            "Colonias beside the programme were left out of the comparison; this design does not "
            "tell what happened there."
        ),
    }
)


def _beside(found: Evaluated) -> Sequence[str]:
    row = found.row("crime", "beside")
    if row is None:
        return [say(_UNTOLD[found.said("neighbours") == "own_effect"])]
    told = text("In the colonias beside it: {change}.", change=interval_of(row, " %"))
    effect = found.row("crime", "effect")
    if effect is not None and effect["verdict"] == "recording_changed":
        return [told, text("As recording changed, this concludes nothing about next door either.")]
    if effect is not None and effect["verdict"] == "not_comparable":
        return [told, text("Without a comparison, this concludes nothing about next door either.")]
    if row["lower"] > 0:
        return [told, text("Part of the crime moved next door.")]
    if row["upper"] < 0:
        return [told, text("Part of the benefit reached next door.")]
    return [told, text("Neither displacement nor benefit next door can be told from chance.")]


#: Two costs that differ by no more than this share are told as one.
_ABOUT = 0.1


def _plan(found: Evaluated) -> Sequence[str]:
    said = [text("Question: “{question}”", question=found.said("question"))]
    if found.said("sealed-on"):
        said.append(
            text(
                "The protocol was sealed on {day}, with the checksum {digest}; it decides in "
                "{looks}, with intervals of {level} %, which share the risk of error among looks "
                "and outcomes.",
                day=_dated(found.said("sealed-on")),
                digest=found.said("digest")[:16],
                looks=_dated(found.said("looks").replace(" ", ", ")),
                level=number(100 * found.figure("level"), 1),
            )
        )
    if found.said("method"):
        said.append(text("Design: {design}.", design=say(DESIGNS[found.said("method")])))
    said.append(text("Comparison: “{comparison}”.", comparison=found.said("comparison")))
    departs = [
        _dated(say(_DEVIATIONS[fact.removeprefix("deviation-")], **json.loads(told)))
        for fact, told in zip(found.facts["fact"], found.facts["said"], strict=True)
        if fact.startswith("deviation-")
    ]
    names = found.facts.loc[found.facts["fact"] == "concurrent", "said"]
    if len(names):
        departs.append(
            text(
                "In the same colonias and months there was also: {names}. Their effects cannot be "
                "told apart.",
                names=", ".join(map(str, names)),
            )
        )
    return [*said, *(departs or [text("Nothing departed from the protocol.")])]


def _delivered(found: Evaluated) -> Sequence[str]:
    done = found.figure("actions-per-month")
    if isnan(done):
        return [text("There is no log of actions: what was delivered is not known.")]
    planned = found.figure("actions-planned")
    said = [
        text(
            "{actions} actions: {done} by colonia and month; {reached} % of the colonias had some.",
            actions=number(found.figure("actions")),
            done=number(done, 2),
            reached=number(100 * found.figure("colonias-reached")),
        )
    ]
    if not isnan(planned):
        said.append(
            text(
                "Planned by colonia and month: {planned}. Of that, {share} % was delivered.",
                planned=number(planned, 0 if planned == int(planned) else 2),
                share=number(100 * done / planned),
            )
        )
    doses = found.facts[found.facts["fact"] == "dose"]
    if len(doses):
        each: list[object] = [
            text("{dose} {unit}", dose=number(dose, 2), unit=unit)
            for dose, unit in zip(doses["number"], doses["said"], strict=True)
        ]
        said.append(text("Dose by colonia and month: {doses}.", doses=listed(each)))
    logged = found.figure("cost-logged")
    if not isnan(logged):
        said.append(_logged(logged, found.figure("cost")))
    return said


def _logged(logged: float, planned: float) -> str:
    """Return what the log of actions says it cost, and whether the protocol says the same."""
    if isnan(planned) or abs(logged - planned) <= _ABOUT * planned:
        return text("The log of actions tells a cost of {cost}.", cost=number(logged))
    return text(
        "The log of actions adds up to a cost of {cost}, and the protocol says {planned}: they do "
        "not agree. What a result cost is reckoned here with that of the protocol.",
        cost=number(logged),
        planned=number(planned),
    )


def _cost(found: Evaluated) -> Sequence[str]:
    cost, currency = found.figure("cost"), _currency(found.said("cost"))
    if isnan(cost):
        return [text("The protocol does not tell the cost, so nothing is said of it.")]
    said = [text("It cost {cost} {currency}.", cost=number(cost), currency=currency)]
    for (outcome, aspect, good), sentence in _COSTS.items():
        row = found.row(outcome, aspect)
        if row is None:
            continue
        averted = found.row(outcome, good)
        if averted is not None and not averted["lower"] > 0:
            said.append(say(_NO_COSTS[aspect, outcome]))
            continue
        if isnan(row["value"]):
            said.append(text("No cost of each can be told: the estimate shows no good."))
            continue
        lower = number(row["lower"])
        between = (
            text(
                "at least {lower}; there is no upper limit, as there may have been no effect",
                lower=lower,
            )
            if isnan(row["upper"])
            else text("{lower} to {upper}", lower=lower, upper=number(row["upper"]))
        )
        said.append(say(sentence, value=number(row["value"]), currency=currency, between=between))
    return [*said, *_harm_weighed(found)]


def _harm_weighed(found: Evaluated) -> list[str]:
    """Return what a unit of harm is: the scale is the protocol's, and no fact of nature."""
    rows = found.facts[found.facts["fact"] == "harm-of"]
    row = found.row("crime", "harm")
    if rows.empty or row is None:
        return []
    scale: list[object] = [
        text("{crime} {weight}", crime=words.label(group), weight=number(weight, 1))
        for group, weight in zip(rows["said"], rows["number"], strict=True)
    ]
    return [
        text(
            "Weighed by the harm that the protocol declares ({scale}), recorded crime changed by "
            "{change}; the verdict is on counts.",
            scale=listed(scale),
            change=interval_of(row, " %"),
        )
    ]


_COSTS = MappingProxyType(
    {
        ("crime", "unit_cost", "averted"): mark(
            "For each recorded crime averted: {value} {currency} ({between})."
        ),
        ("crime", "harm_cost", "harm_averted"): mark(
            "For each unit of harm averted: {value} {currency} ({between})."
        ),
        ("perception", "unit_cost", "averted"): mark(
            "For each person who feels safer: {value} {currency} ({between})."
        ),
    }
)


_NO_COSTS = MappingProxyType(
    {
        ("unit_cost", "crime"): mark(
            "It cannot be told what each recorded crime averted cost: the interval does not "
            "exclude that none was."
        ),
        ("harm_cost", "crime"): mark(
            "It cannot be told what each unit of harm averted cost: the interval does not exclude "
            "that none was."
        ),
        ("unit_cost", "perception"): mark(
            "It cannot be told what it cost for each person who feels safer: the interval does "
            "not exclude that nobody does."
        ),
    }
)


def _learned(found: Evaluated) -> list[str]:
    if not found.said("learned-of"):
        return []
    row = pd.Series({end: found.figure(f"learned-{end}") for end in ("value", "lower", "upper")})
    action, change = found.said("intervention"), interval_of(row, " %")
    published = found.figure("learned-published")
    if published > 0:
        told = text(
            "What this adds to the evidence of “{action}”: together with {n} published estimates, "
            "here it changes recorded crime by {change}. Targeting now reckons with it.",
            action=action,
            n=number(published),
            change=change,
        )
    else:
        told = text(
            "What this adds to the evidence of “{action}”: here it changes recorded crime by "
            "{change}. Targeting now reckons with it.",
            action=action,
            change=change,
        )
    return [told, *_published_beside(found, combined=published > 0)]


def _published_beside(found: Evaluated, *, combined: bool) -> list[str]:
    rows = found.facts[found.facts["fact"] == "learned-beside"]
    if rows.empty:
        return []
    pairs = zip(rows["said"], rows["number"], strict=True)
    estimates = "; ".join(f"{source}: {signed(value)} %" for source, value in pairs)
    if combined:
        return [
            text("Published without an interval, and so not weighed: {all}.", all=estimates),
        ]
    return [
        text(
            "Published, and not combined with it: {all}. With fewer than five estimates it cannot "
            "be told how far places differ, and a mean would drown what was measured here.",
            all=estimates,
        )
    ]


def _needed(found: Evaluated) -> Sequence[str]:
    return [*_learned(found), *_needed_times(found)]


def _needed_times(found: Evaluated) -> Sequence[str]:
    times = found.figure("needed-times")
    if isnan(times):
        return []
    if times <= 1:
        return [
            text(
                "These data suffice to see a fall of {least} %.",
                least=number(found.figure("minimum-effect")),
            )
        ]
    return [
        text(
            "To see a fall of {least} % four times in five, about {times} times these data would "
            "be needed: more colonias, more months before the choice, or crimes that happen more "
            "often. Choosing part of the colonias by lottery would make comparison far cheaper.",
            least=number(found.figure("minimum-effect")),
            times=number(times, 1 if times < _MANY else 0),
        )
    ]


def _dated(told: str) -> str:
    """Return words whose days and months are written as people write them."""
    return _ISO.sub(lambda found: _day_or_month(found[0]), told)


def _day_or_month(told: str) -> str:
    if len(told) == len("2025-12"):
        return month(date.fromisoformat(f"{told}-01"))
    return day(date.fromisoformat(told))


def _currency(code: str) -> str:
    return text("Mexican pesos") if code == "MXN" else code


_SPEAKERS: Mapping[str, Callable[[Evaluated], Sequence[str]]] = MappingProxyType(
    {
        "verdict": _verdict,
        "people": _people,
        "beside": _beside,
        "trust": trust_said,
        "plan": _plan,
        "delivered": _delivered,
        "cost": _cost,
        "needed": _needed,
    }
)
