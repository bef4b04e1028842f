"""The lab's own survey, wave by wave, with the design by which people were drawn."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from labtools.analysis.perception.design import Design, survey_design
from labtools.analysis.perception.waves import Wave

HEAD = ("colonia_id", "borough", "stratum", "cluster", "weight")


@dataclass(frozen=True, slots=True)
class SurveyWave:
    """One wave of the lab's survey.

    Attributes
    ----------
    month : pandas.Timestamp
        When it was asked.
    people : pandas.DataFrame
        One row per respondent: colonia, borough, stratum, cluster and weight.
    answers : pandas.DataFrame
        The same rows; a column for each indicator: 0, 1 or missing.
    design : Design
        Of all respondents.
    """

    month: pd.Timestamp
    people: pd.DataFrame
    answers: pd.DataFrame
    design: Design

    def wave(self, indicator: str) -> Wave:
        """Return what comparing it with another wave needs."""
        people = self.people
        return Wave(self.design, self.answers[indicator], people["stratum"], people["cluster"])


def survey_waves(survey: pd.DataFrame, end: pd.Timestamp) -> tuple[SurveyWave, ...]:
    """Return the waves asked before `end`, first to last."""
    asked = survey[survey["wave"] < end]
    return tuple(_wave(pd.Timestamp(month), rows) for month, rows in asked.groupby("wave"))


def _wave(month: pd.Timestamp, rows: pd.DataFrame) -> SurveyWave:
    people = rows.drop_duplicates("respondent").set_index("respondent")[list(HEAD)]
    people = people[people["weight"].notna()].sort_index()
    answers = rows.pivot(index="respondent", columns="indicator", values="value")
    design = survey_design(people, weight="weight", stratum="stratum", clusters=("cluster",))
    return SurveyWave(month, people, answers.reindex(people.index), design)
