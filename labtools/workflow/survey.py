"""The lab's own survey, wave by wave, with the design by which people were drawn."""

from __future__ import annotations

from collections.abc import Sequence
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
    source : str
        The survey of which it is a wave.
    people : pandas.DataFrame
        One row per respondent: colonia, borough, stratum, cluster and weight.
    answers : pandas.DataFrame
        The same rows; a column for each indicator: 0, 1 or missing.
    design : Design
        Of all respondents.
    """

    month: pd.Timestamp
    source: str
    people: pd.DataFrame
    answers: pd.DataFrame
    design: Design

    @property
    def knows_colonias(self) -> bool:
        """Whether it says where people live: the lab's own, and not one of cities."""
        return bool(self.people["colonia_id"].notna().any())

    def asked(self, indicator: str) -> bool:
        """Return whether anybody answered a question."""
        return indicator in self.answers and bool(self.answers[indicator].notna().any())

    def wave(self, indicator: str) -> Wave:
        """Return what comparing it with another wave needs."""
        people = self.people
        return Wave(self.design, self.answers[indicator], people["stratum"], people["cluster"])


def survey_waves(survey: pd.DataFrame, end: pd.Timestamp) -> tuple[SurveyWave, ...]:
    """Return the waves asked before `end`, first to last; each is of one survey."""
    asked = survey[survey["wave"] < end]
    who, people = pd.factorize(asked["respondent"])
    source = pd.Index(people).str.rsplit("-", n=1).str[0].to_numpy()[who]
    by_wave = asked.groupby([asked["wave"], pd.Series(source, asked.index, name="source")])
    return tuple(_wave(pd.Timestamp(month), str(name), rows) for (month, name), rows in by_wave)


def waves_asking(waves: Sequence[SurveyWave], indicator: str) -> tuple[SurveyWave, ...]:
    """Return the waves that asked a question, of one survey: they can be compared.

    Where several surveys asked it, that which knows colonias goes before one of cities (ENSU's
    microdata), and that asked last before the others.
    """
    asking = [wave for wave in waves if wave.asked(indicator)]
    if not asking:
        return ()
    last = max(asking, key=lambda wave: (wave.knows_colonias, wave.month))
    return tuple(wave for wave in asking if wave.source == last.source)


def questions_of(waves: Sequence[SurveyWave]) -> tuple[str, ...]:
    """Return every question that somebody answered, in alphabetical order."""
    named = {str(name) for wave in waves for name in wave.answers.columns if wave.asked(str(name))}
    return tuple(sorted(named))


def _wave(month: pd.Timestamp, source: str, rows: pd.DataFrame) -> SurveyWave:
    people = rows.drop_duplicates("respondent").set_index("respondent")[list(HEAD)]
    people = people[people["weight"].notna()].sort_index()
    answers = rows.pivot(index="respondent", columns="indicator", values="value")
    design = survey_design(people, weight="weight", stratum="stratum", clusters=("cluster",))
    return SurveyWave(month, source, people, answers.reindex(people.index), design)
