"""Whether the comparison of an evaluation can be trusted, and what other designs say."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from types import MappingProxyType

import pandas as pd

from labtools.messages import mark, number, say, text
from labtools.narrative.evaluated import Evaluated, interval_of, refusal_of

#: What each design is, for readers.
DESIGNS = MappingProxyType(
    {
        "imputed_counts": mark(
            "counts by imputation (Poisson event study of colonias and quarters free of the "
            "programme)"
        ),
        "group_time": mark("group-time effects of each wave of entries (Callaway and Sant'Anna)"),
        "synthetic_control": mark("synthetic control against groups of as many colonias"),
        "synthetic_difference": mark(
            "synthetic difference-in-differences against groups of as many colonias"
        ),
        "micro_synthetic": mark("micro-synthetic control, a mix of other colonias of equal past"),
        "interrupted_series": mark(
            "interrupted series of the programme, over that of the other colonias if there are any"
        ),
        "weighted_displacement": mark(
            "weighted displacement difference of pairs of equal level, with estimated dispersion"
        ),
        "randomisation": mark("randomisation inference, which draws the lottery again"),
        "spatial_permutation": mark("permutation of maps as alike next door as the one seen"),
    }
)


def trust_said(found: Evaluated) -> Sequence[str]:
    """Return what speaks for the comparison and against it."""
    said = []
    before, nothing = (found.row("crime", aspect) for aspect in ("before", "nothing"))
    if before is not None:
        said.append(
            text(
                "In the year before they entered, these colonias differed from what was to be "
                "expected by {change}; near nil is what a good comparison gives.",
                change=interval_of(before, " %"),
            )
        )
        said += _gap_read(before, found.figure("minimum-effect"))
        said += _drift_read(found)
    if nothing is not None:
        said.append(
            text(
                "Had nothing been done, colonias chosen for their worst records would still have "
                "shown {nothing}: a plain before and after takes that for an effect, and so it is "
                "not given here.",
                nothing=interval_of(nothing, " %"),
            )
        )
    asked = found.row("perception", "before")
    if asked is not None:
        said.append(
            text(
                "In the last survey before they entered, answers there differed from what was to "
                "be expected by {change} percentage points.",
                change=interval_of(asked, ""),
            )
        )
    return [*said, *_one_by_one(found), *_recording(found), *_by_others(found)]


def _one_by_one(found: Evaluated) -> list[str]:
    """Return that no quarter of the figure decides anything, and by which design it is."""
    told = []
    imputed = found.figure("quarters-imputed")
    if not isnan(imputed):
        told.append(
            text(
                "The design that decides tells no quarters; the figure by quarter is by another: "
                "{design}.",
                design=say(DESIGNS["imputed_counts"]),
            )
        )
    shown = found.figure("quarters-shown") if isnan(imputed) else imputed
    if shown > 1:
        told.append(
            text(
                "The figure tells {n} quarters one by one: among so many, some leave nil by "
                "chance alone. None of them decides; the figure of all of them together does.",
                n=number(shown),
            )
        )
    return told


def _gap_read(before: pd.Series, sought: float) -> list[str]:
    """Return what the gap before the entry says of the comparison, in plain words."""
    lower, upper = before["lower"], before["upper"]
    if isnan(lower) or isnan(upper):
        return []
    if lower > 0 or upper < 0:
        return [text("They differed already before: the effect above must be read with caution.")]
    if max(-lower, upper) > sought:
        return [
            text(
                "So wide an interval does not exclude that they differed before by more than the "
                "effect that is sought: it vouches little for the comparison."
            )
        ]
    return [text("They were alike before, as far as these data tell.")]


def _drift_read(found: Evaluated) -> list[str]:
    """Return how far paths may drift apart before the effect is lost, where one is told."""
    row, times = found.row("crime", "effect"), found.figure("drift-borne")
    if row is None or isnan(times) or row["lower"] <= 0 <= row["upper"]:
        return []
    told = text(
        "If these colonias and the others had gone on drifting apart, the effect would still be "
        "told from nil up to {times} times the gap of the year before, each year.",
        times=number(times, 1),
    )
    return [told] if times >= 1 else [told, text("That is little: read it with caution.")]


def _recording(found: Evaluated) -> Sequence[str]:
    """Return what earlier runs told of the same months; the figures, in the internal edition."""
    for fact in _RECORDING:
        if (found.facts["fact"] == f"recording-{fact}").any():
            told = found.said(f"recording-{fact}")
            return [refusal_of(told) if told else say(_RECORDING[fact])]
    return []


_RECORDING = MappingProxyType(
    {
        "blocker": mark(
            "What earlier editions said of these months was changed since, and so unlike before "
            "and after the entry that it could make or hide a fall that would be worth it."
        ),
        "caution": mark(
            "What earlier editions said of these months was changed since, and not equally before "
            "and after the entry: a small part of the change may be of recording."
        ),
        "alike": mark(
            "What earlier editions said of these months stands, or was changed alike before and "
            "after the entry."
        ),
        "untold": mark(
            "No earlier edition told of these months: whether recording changed cannot be checked "
            "here yet. Ask the supplier."
        ),
    }
)


def _by_others(found: Evaluated) -> list[str]:
    """Return what designs say that were told beside the one that decides."""
    said = []
    for design, name in DESIGNS.items():
        row = found.row("crime", f"by_{design}")
        refused = found.said(f"refused-{design.replace('_', '-')}")
        if row is not None:
            said.append(
                text(
                    "By another design, planned beforehand and which decides nothing: {design}. "
                    "{change}.",
                    design=say(name),
                    change=interval_of(row, " %"),
                )
            )
        elif refused:
            said.append(
                text(
                    "Another design was planned beside it and cannot be told here: {design}. {why}",
                    design=say(name),
                    why=refusal_of(refused),
                )
            )
    return said
