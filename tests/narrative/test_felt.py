import pandas as pd
import pytest

from labtools import messages
from labtools.narrative import sentences
from labtools.narrative.felt import (
    city_dark_figure_sentences,
    city_plan_sentences,
    opened_sentences,
    priority_sentences,
)
from tests.narrative.ficha import felt, ficha

QUADRANTS = {"both_high": 0.04, "fear_only": 0.86, "crime_only": 0.02, "both_low": 0.08}
GAP = {
    **QUADRANTS,
    "crime_ratio": 0.6,
    "crime_lower": 0.4,
    "crime_upper": 0.9,
    "fear": 0.75,
    "fear_lower": 0.62,
    "fear_upper": 0.86,
    "verdict": "fear_only",
    "state": "shown",
}
DARK = {
    "group": "total",
    "events": 24,
    "reporting": 0.4,
    "reporting_lower": 0.25,
    "reporting_upper": 0.55,
    "probable": 60.0,
    "lower": 41.0,
    "upper": 98.0,
    "rate": 30.0,
    "rate_lower": 20.5,
    "rate_upper": 49.0,
    "basis": "own",
    "state": "shown",
}
PLAN = {
    "indicator": "insecurity",
    "people_precise": 106.0,
    "clusters_precise": 22.0,
    "people_caution": 29.0,
    "clusters_caution": 6.0,
    "reachable": True,
    "city_people": 1_400.0,
    "city_clusters": 280.0,
}


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def test_recorded_crime_is_told_beside_what_it_may_stand_for():
    said = " ".join(sentences(ficha(dark_figure=[DARK]))["dark_figure"])

    assert "between 25 and 55 are recorded" in said
    assert "some 60 crimes (between 41 and 98)" in said


def test_no_published_case_file_is_no_crowd_of_zero():
    said = sentences(ficha(dark_figure=[DARK | {"events": 0}]))["dark_figure"][1]

    assert said.startswith("The published count of twelve months is zero")
    assert "60" in said


def test_few_files_are_not_said_to_stand_for_what_earlier_years_and_others_lead_to_expect():
    few = DARK | {"events": 3, "probable": 14.0, "lower": 5.0, "upper": 28.0}

    said = sentences(ficha(dark_figure=[few]))["dark_figure"]

    assert "therefore" not in said[1]
    assert "twelve months, 3, tells little by itself" in said[1]
    assert "some 14 crimes may have happened (between 5 and 28)" in said[1]


def test_without_victims_asked_the_ficha_says_whose_figure_it_is():
    said = sentences(ficha(dark_figure=[DARK | {"basis": "national"}]))["dark_figure"]

    assert "has not asked victims of this city" in said[0]


def test_a_colonia_where_hardly_any_victim_was_asked_is_told_that_a_model_speaks():
    said = sentences(ficha(dark_figure=[DARK | {"basis": "model"}]))["dark_figure"]

    assert "few or no victims here" in said[0]
    assert "between 25 and 55 may be recorded" in said[0]


def test_a_quadrant_is_told_with_its_probability_and_what_it_asks_for():
    said = " ".join(sentences(ficha(fear_gap=[GAP]))["fear_gap"])

    assert said.startswith("Most probable, 86 of 100")
    assert "more afraid here than in the city" in said
    assert "rather than for more patrols" in said
    assert "86 of 100" in said


def test_what_cannot_be_told_apart_is_told_so_and_no_probability_is_offered():
    said = sentences(ficha(fear_gap=[GAP | {"verdict": "none"}]))["fear_gap"]

    assert len(said) == 1
    assert "cannot be told apart" in said[0]


@pytest.mark.parametrize(
    ("state", "why"), [("suppressed", "is withheld"), ("insufficient", "Too few people")]
)
def test_a_colonia_without_figure_says_why_and_no_number(state, why):
    empty = dict.fromkeys(QUADRANTS, None) | {"verdict": "unknown", "state": state}
    said = sentences(
        ficha(fear_gap=[empty], dark_figure=[{"group": "total", "state": "suppressed"}])
    )

    told = [*said["fear_gap"], *said["dark_figure"]]
    assert why in said["fear_gap"][0]
    assert "is withheld" in said["dark_figure"][0]
    assert not any(char.isdigit() for char in " ".join(told))


def test_where_the_survey_cannot_answer_the_sample_that_would_is_told():
    said = sentences(ficha(survey_plan=[PLAN]))["unknowns"][-1]
    tiny = sentences(ficha(survey_plan=[PLAN | {"reachable": False}]))["unknowns"][-1]
    own = felt(area_kind="colonia", area="99001_0001")
    answered = sentences(ficha(survey_plan=[PLAN], perception=[own]))["unknowns"]

    trust = {**own, "indicator": "cohesion"}
    other = sentences(ficha(survey_plan=[PLAN], perception=[trust]))["unknowns"]

    assert "29 people in 6 blocks" in said
    assert "29 people in 6 blocks" in other[-1]
    assert "106 in 22" in said
    assert "fewer adults live here" in tiny
    assert answered == ()


def test_a_refusal_points_to_the_sample_that_would_answer_where_the_ficha_tells_one():
    empty = dict.fromkeys(QUADRANTS, None) | {"verdict": "unknown", "state": "insufficient"}
    with_plan = sentences(ficha(fear_gap=[empty], survey_plan=[PLAN]))
    without = sentences(ficha(fear_gap=[empty]))

    assert "“What is not known” tells how many people" in with_plan["fear_gap"][-1]
    assert "29 people" in with_plan["unknowns"][-1]
    assert len(without["fear_gap"]) == 1


def test_no_sample_is_asked_for_where_the_figure_would_be_withheld_all_the_same():
    said = sentences(ficha(survey_plan=[PLAN], unknowns=[{"what": "withheld"}]))["unknowns"]

    assert len(said) == 1
    assert "are withheld" in said[0]


def test_what_was_never_reported_is_not_called_unknown_where_its_limits_are_told():
    unknown = [{"what": "never_reported"}]
    told = sentences(ficha(unknowns=unknown, dark_figure=[DARK]))["unknowns"]
    untold = sentences(ficha(unknowns=unknown, dark_figure=[DARK | {"state": "missing"}]))

    assert "“Recorded and probable” tells between which limits" in told[0]
    assert "only what reached a case file" in untold["unknowns"][0]


@pytest.mark.parametrize(
    ("basis", "whose"), [("survey", "told the survey of the lab"), ("national", "has not asked")]
)
def test_the_citys_probable_crime_is_told_with_its_limits_and_whose_word_it_is(basis, whose):
    table = pd.DataFrame([{**DARK, "basis": basis, "events": 8_586, "probable": 21_568.0}])

    said = city_dark_figure_sentences(table)

    assert "8,586 case files" in said[0]
    assert "some 21,568 crimes may have happened (between 41 and 98)" in said[0]
    assert "between 25 and 55" in said[1]
    assert whose in said[1]
    assert "nothing is told" in city_dark_figure_sentences(table.assign(probable=None))[0]


def test_a_models_figure_is_told_as_a_models():
    row = felt(area_kind="colonia", area="99001_0001", source="model", respondents=None)

    said = sentences(ficha(perception=[row]))["perception"][0]

    assert "by a model of the survey" in said
    assert "census" not in said  # nobody knows here whether there was one
    assert pd.notna(row["share"])


def test_the_sample_for_the_whole_city_is_told_with_the_colonias_it_leaves_out():
    plan = pd.DataFrame([PLAN, {**PLAN, "reachable": False}])

    city, colonias = city_plan_sentences(plan)

    assert "1,400 people in 280 blocks" in city
    assert colonias.startswith("In 1 of 2 colonias")
    assert city_plan_sentences(plan[:0]) == ()


def test_what_the_correction_does_to_a_list_is_counted_and_tried_otherwise():
    shift = pd.DataFrame({"in_before": [True, True, False], "in_after": [True, False, True]})
    scenario = {"scenario": "reporting_everywhere_alike", "listed": 2, "stay": 1, "overlap": 0.5}

    first, second = priority_sentences(shift, pd.DataFrame([scenario]))

    assert "1 are the same as recorded and as probable; 1 leave" in first
    assert second == "If reporting were alike everywhere, 1 of the 2 would stay."


@pytest.mark.parametrize(
    ("basis", "told"), [("own", "as victims told the survey"), ("national", "ENVIPE of the state")]
)
def test_who_tells_how_many_reported_crimes_have_a_case_file_is_said(basis, told):
    row = {"opened": 0.743, "opened_lower": 0.62, "opened_upper": 0.84, "opened_basis": basis}

    with messages.speaking("en"):
        said = opened_sentences(pd.DataFrame([row]))[0]

    assert told in said
    assert "some 74 have a case file" in said
    assert "between 62 and 84)" in said
