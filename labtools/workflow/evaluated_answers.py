"""What people answer in a sealed protocol: the change, its people and cost, and the wave before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.answers import AnswerEffect, answer_effect, answers_before
from labtools.evaluation.cost import unit_cost
from labtools.evaluation.programme import Enrolment
from labtools.evaluation.protocol import Protocol
from labtools.evaluation.verdict import verdict_on_change
from labtools.workflow.evaluated_crime import Row, limits_of

_PERCENT = 100.0
#: Below this the wave before the entry tells that answers did not move alike.
_ALIKE = 0.05


@dataclass(frozen=True, slots=True)
class AnswersTold:
    """What is told of answers.

    Attributes
    ----------
    rows : list of mapping
        Of the table ``evaluation``.
    times : pandas.DataFrame
        Of the table ``evaluation_time``.
    """

    rows: list[Row]
    times: pd.DataFrame


def answers_told(
    survey: pd.DataFrame, enrolment: Enrolment, protocol: Protocol, *, ahead: bool
) -> AnswersTold:
    """Return the change of what people answer, with its verdict.

    Parameters
    ----------
    survey : pandas.DataFrame
        Processed table.
    enrolment : Enrolment
    protocol : Protocol
    ahead : bool
        Whether this is no month of decision.

    Raises
    ------
    AnalysisError
        If nobody was asked, or too few before and after.
    """
    answers, entered = _answers(survey, enrolment, protocol)
    effect = answer_effect(answers, entered, level=protocol.level)
    past = answers_before(answers, entered, level=protocol.level)
    held = "read_ahead" if ahead else _moved_apart(past)
    rows = _answer_rows(effect, protocol, held)
    if past is not None:
        rows.append(_past(past))
    return AnswersTold(rows, _answer_times(effect))


def _moved_apart(past: AnswerEffect | None) -> str | None:
    """Return what forbids a verdict where answers moved apart before; None where they did not."""
    return "not_comparable" if past is not None and past.p < _ALIKE else None


def _past(past: AnswerEffect) -> Row:
    limits = (_PERCENT * past.change, _PERCENT * past.lower, _PERCENT * past.upper)
    return {
        "outcome": "perception",
        "aspect": "before",
        **limits_of(limits),
        "unit": "points",
        "places": past.places,
        "compared": past.compared,
        "verdict": "none_given",
    }


def _answers(
    survey: pd.DataFrame, enrolment: Enrolment, protocol: Protocol
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the answers that are compared, and when the places that are evaluated entered."""
    chosen = survey[survey["indicator"] == protocol.outcomes.perception.indicator]
    if chosen.empty:
        raise AnalysisError(
            "No survey asked about “{indicator}”. Ask people before and after: without it, only "
            "half of the question is answered.",
            indicator=protocol.outcomes.perception.indicator,
        )
    answers = chosen.rename(columns={"colonia_id": "place"})[["place", "wave", "weight", "value"]]
    others = enrolment.entered.index[enrolment.entered.notna() & ~enrolment.evaluated]
    kept = answers[~answers["place"].isin(others)]
    return kept, enrolment.entered[enrolment.evaluated]


def _answer_rows(effect: AnswerEffect, protocol: Protocol, held: str | None) -> list[Row]:
    of = {"outcome": "perception", "places": effect.places, "compared": effect.compared}
    limits = (_PERCENT * effect.change, _PERCENT * effect.lower, _PERCENT * effect.upper)
    verdict = held or verdict_on_change(limits[1], limits[2], worthwhile=0.0)
    good = effect.persons / _PERCENT
    people = (-good * limits[0], -good * limits[2], -good * limits[1])
    none = {**of, "verdict": "none_given"}
    rows: list[Row] = [
        {**of, "aspect": "effect", **limits_of(limits), "unit": "points", "verdict": verdict},
        {**none, "aspect": "averted", **limits_of(people), "unit": "people"},
    ]
    if protocol.delivery.cost and np.isfinite(people).all():
        cost = unit_cost(protocol.delivery.cost, people)
        each = (cost.value, cost.lower, cost.upper)
        rows.append({**none, "aspect": "unit_cost", **limits_of(each), "unit": "money"})
    return rows


def _answer_times(effect: AnswerEffect) -> pd.DataFrame:
    table = effect.by_wave.dropna().mul(_PERCENT).rename(columns={"change": "value"})
    return table.assign(since=table.index, outcome="perception")
