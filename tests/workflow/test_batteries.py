"""Batteries of questions are told of the city and its boroughs, and of no colonia."""

import numpy as np
import pandas as pd
import pytest

from labtools.privacy.keys import Keyring
from labtools.settings import Lab, Settings
from labtools.tables.batteries import is_told_by_colonia
from labtools.tables.contracts import empty_table
from labtools.tables.periods import Window
from labtools.workflow.edition import Edition
from labtools.workflow.perception import perception_table
from labtools.workflow.survey import questions_of, survey_waves, waves_asking

END = pd.Timestamp("2026-01-01")
YEAR = pd.DateOffset(years=1)


@pytest.mark.parametrize(
    ("indicator", "of_battery"),
    [
        ("insecurity", False),
        ("insecurity_street", False),
        ("insecurity_transport", False),
        ("cohesion", False),
        ("reported", False),
        ("insecurity_park", True),
        ("witnessed_robbery", True),
        ("habit_valuables", True),
        ("conflict_noise", True),
    ],
)
def test_fear_trust_and_reporting_are_no_battery(indicator, of_battery):
    assert is_told_by_colonia(indicator) is not of_battery


def answers(source="encuesta", *, wave=2, indicators=("cohesion", "witnessed_alcohol"), people=400):
    """Return answers of four colonias in two boroughs; every second person says yes."""
    asked = pd.DataFrame(
        {
            "respondent": [f"{source}-{k}" for k in range(people)],
            "wave": END - pd.DateOffset(months=wave),
            "colonia_id": [f"c{k * 4 // people}" for k in range(people)],
            "borough": np.where(np.arange(people) < people / 2, "norte", "sur"),
            "stratum": "s",
            "cluster": [f"b{k // 5}" for k in range(people)],
            "weight": 10.0,
            "value": np.arange(people) % 2.0,
        }
    )
    return pd.concat([asked.assign(indicator=i) for i in indicators])


def of_cities(table):
    return table.assign(colonia_id=None, borough=None)


def told(*surveys):
    """Return the table of perception that surveys give."""
    window = Window(END - YEAR - YEAR, END - YEAR, END)
    keys = Keyring((("", b"k" * 32),))
    edition = Edition("internal", window, frozenset(), frozenset(), keys, ())
    settings = Settings.model_construct(
        lab=Lab(name="Lab", municipality="M", municipality_id="99001", seed=1),
        disclosure=Settings.model_fields["disclosure"].get_default(call_default_factory=True),
    )
    survey = pd.concat(surveys, ignore_index=True)
    processed = {"survey": survey, "city_perception": empty_table("city_perception")}
    return perception_table(processed, edition, settings, pd.DataFrame())


def test_a_conduct_that_was_seen_is_told_by_borough_with_its_interval_and_never_by_colonia():
    found = told(answers())

    seen = found[found["indicator"] == "witnessed_alcohol"].set_index("area")
    assert set(seen["area_kind"]) == {"city", "borough"}
    assert seen.loc["norte", "share"] == 0.5
    assert (seen["lower"] < 0.5).all()
    assert (seen["upper"] > 0.5).all()
    assert "colonia" in set(found.loc[found["indicator"] == "cohesion", "area_kind"])


def test_each_question_is_told_of_the_last_wave_that_asked_it():
    # The lab's two forms go out in turn: trust in July, fear in November.
    trust = answers("cohesion", wave=6, indicators=("cohesion",))
    fear = answers("percepcion", wave=2, indicators=("insecurity",))

    found = told(trust, fear).query("area_kind == 'city'").set_index("indicator")

    assert found.loc["cohesion", "period"] == pd.Timestamp("2025-07-01")
    assert found.loc["insecurity", "period"] == pd.Timestamp("2025-11-01")
    assert (found["source"] == "survey").all()


def test_a_survey_of_cities_does_not_take_the_place_of_the_labs_own():
    # ENSU's microdata of a month later, which know no colonia, ask fear and conflicts.
    own = answers(indicators=("insecurity",))
    ensu = of_cities(
        answers("ensu", wave=1, indicators=("insecurity", "conflict_noise"), people=80)
    )

    found = told(own, ensu).query("area_kind == 'city'").set_index("indicator")

    assert found.loc["insecurity", ["respondents", "source"]].tolist() == [400, "survey"]
    assert found.loc["conflict_noise", ["respondents", "source"]].tolist() == [80, "city_microdata"]


def test_two_surveys_of_one_month_are_two_samples_and_only_waves_of_one_are_compared():
    survey = pd.concat([answers("a"), answers("b", people=40), answers("a", wave=8)])

    waves = survey_waves(survey, END)

    assert [(w.source, len(w.people)) for w in waves] == [("a", 400), ("a", 400), ("b", 40)]
    assert questions_of(waves) == ("cohesion", "witnessed_alcohol")
    assert len({w.source for w in waves_asking(waves, "cohesion")}) == 1
