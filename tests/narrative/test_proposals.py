import pandas as pd
import pytest

from labtools import messages
from labtools.narrative import sentences
from labtools.publish.proposals import proposed_in_short
from labtools.tables import action_words
from labtools.targeting.catalogue import read_interventions, read_taxonomies
from tests.narrative.ficha import counted, ficha

PROPOSED = {
    "intervention": "street_lighting",
    "name": "Alumbrado público",
    "need": "factor_4",
    "indicators": "citizen_report",
    "agency": "public_services",
    "agency_name": "Servicios Públicos",
    "strength": 3,
    "evidence": "Welsh & Farrington 2008",
    "verified_on": pd.Timestamp("2026-11-26"),
    "caveats": "not_from_mexico not_on_fear",
    "conflict": "",
    "crime_change": -0.14,
    "crime_lower": -0.35,
    "crime_upper": -0.01,
    "times_done": 0,
    "standing": "proposed",
}


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def test_a_proposal_says_why_who_what_to_expect_and_what_to_watch():
    (_, said, _) = sentences(ficha(proposals=[PROPOSED]))["proposed"]

    assert said == (
        "Street lighting, for: Insufficient and deteriorated public spaces. Who: Servicios "
        "Públicos. Crime: between 1 % and 35 % less where it is done. Fear: no verified figure "
        "for places. Evidence: Welsh & Farrington 2008. No verified study is from Mexico. It has "
        "not been shown to lower fear."
    )


def test_no_crimes_fewer_are_told_where_none_is_published():
    row = {**PROPOSED, "fewer_lower": 0.0, "fewer_upper": 2.0}

    none = sentences(ficha(proposals=[row], crime=[counted(0, 0, 2)]))["proposed"][1]
    some = sentences(ficha(proposals=[row]))["proposed"][1]

    assert "fewer" not in none
    assert "0 to 2 recorded crimes fewer" in some


def test_what_is_already_being_done_is_told_so():
    row = {**PROPOSED, "standing": "under_way", "times_done": 3}

    assert "already being done" in sentences(ficha(proposals=[row]))["proposed"][1]


def test_nothing_proposed_is_not_nothing_needed():
    (said,) = sentences(ficha())["proposed"]

    assert said.startswith("Nothing is proposed")
    assert "does not mean that nothing is needed" in said


def test_every_action_that_may_be_proposed_and_every_need_have_words():
    proposable = {one.id for one in read_interventions().proposable()}
    factors = {f"factor_{factor.number}" for factor in read_taxonomies().factor}

    assert proposable == set(action_words.ACTIONS)
    assert factors == set(action_words.NEEDS) - {"crime", "fear"}


def test_in_spanish_factors_have_their_official_names():
    with messages.speaking("es_MX"):
        for factor in read_taxonomies().factor:
            assert action_words.need_words(f"factor_{factor.number}") == factor.name
        for one in read_interventions().proposable():
            assert action_words.action_words(one.id, one.name) == one.name


def test_what_it_means_here_is_told_in_recorded_crimes():
    row = {**PROPOSED, "fewer_lower": 1.2, "fewer_upper": 11.8}

    said = sentences(ficha(proposals=[row]))["proposed"][1]

    assert "(in all of the colonia, 1 to 12 recorded crimes fewer a year)" in said


@pytest.mark.parametrize(
    ("lower", "upper", "told"),
    [
        (-0.35, -0.01, "between 1 % and 35 % less where"),
        (0.05, 0.30, "between 5 % and 30 % more where"),
        (-0.20, 0.08, "between 20 % less and 8 % more where"),
    ],
)
def test_a_rise_is_told_as_a_rise(lower, upper, told):
    row = {**PROPOSED, "crime_lower": lower, "crime_upper": upper}

    assert f"Crime: {told}" in sentences(ficha(proposals=[row]))["proposed"][1]


@pytest.mark.parametrize(
    ("lower", "upper", "told"),
    [
        (-5.2, -0.8, "1 to 5 recorded crimes more a year"),
        (-2.1, 6.0, "from 2 recorded crimes more to 6 fewer a year"),
        (-0.2, 6.0, "0 to 6 recorded crimes fewer a year"),
    ],
)
def test_more_crimes_are_never_told_as_fewer(lower, upper, told):
    row = {**PROPOSED, "fewer_lower": lower, "fewer_upper": upper}

    assert told in sentences(ficha(proposals=[row]))["proposed"][1]


def test_a_council_decides_on_no_figure_of_one_colonia_alone():
    ends = {"fear_change": None, "fear_lower": None, "fear_upper": None}
    first = {**PROPOSED, **ends, "colonia_id": "C1", "fewer_lower": 0.0, "fewer_upper": 7.0}
    table = pd.DataFrame([first, {**first, "colonia_id": "C2", "fewer_upper": 90.0}])

    (row,) = proposed_in_short({"proposals": table}).tables[0].rows
    told = [cell.words for cell in row]

    assert told[2] == "2"
    assert told[3] == "between 1 % and 35 % less where it is done"
    assert "not been shown to lower fear" in told[5]


def test_what_only_the_network_asked_for_is_not_told_to_stand_above():
    asked = {**PROPOSED, "indicators": "network"}

    alone = sentences(ficha(proposals=[asked]))["proposed"]
    both = sentences(ficha(proposals=[PROPOSED, asked]))["proposed"]

    assert "network put first" in alone[0]
    assert not any("stand above" in line or "stands above" in line for line in alone)
    assert "stands above" in both[0]
    assert "network put first" in both[1]


def test_why_reviews_differ_is_told():
    row = {**PROPOSED, "caveats": "reviews_differ", "conflict": "Una halla más que otra."}

    assert sentences(ficha(proposals=[row]))["proposed"][1].endswith("Why: Una halla más que otra.")
