import re
import tomllib
from datetime import date

import pandas as pd
import pytest
from pydantic import ValidationError

from labtools import messages, paths
from labtools.errors import PrivacyError, SettingsError
from labtools.targeting.catalogue import (
    Effect,
    Intervention,
    Interventions,
    read_agencies,
    read_interventions,
    read_taxonomies,
)
from labtools.targeting.citation import (
    check_citable,
    evidence_table,
    figure_words,
    public_evidence,
    workings_table,
)

CATALOGUE = read_interventions()
SEEN = {"mark": "V", "verified_on": "2026-11-26", "by": "someone"}
FIELDS = {"claim": "x", "direction": "down", "source": "Somebody 2020", "outcome": "crime"}


@pytest.fixture(autouse=True)
def spanish():
    with messages.speaking("es_MX"):
        yield


def test_the_catalogue_has_the_38_rows_of_the_review_in_their_order():
    assert [one.row for one in CATALOGUE.intervention] == list(range(1, 39))
    assert len(CATALOGUE.by_id()) == 38


def test_only_what_was_seen_in_its_source_is_dated():
    effects = [effect for one in CATALOGUE.intervention for effect in one.effect]

    assert {effect.mark for effect in effects} == {"V", "V°", "M"}
    assert all(effect.is_quotable == (effect.mark == "V") for effect in effects)


@pytest.mark.parametrize("mark", ["M", "V°"])
def test_a_figure_from_memory_reads_do_not_cite_and_shows_no_number(mark):
    effect = Effect(**FIELDS, measure="percent_change", value=-43, mark=mark)

    assert figure_words(effect) == "sin verificar — no citar"


def test_a_verified_figure_shows_its_value_and_its_interval():
    effect = Effect(
        **FIELDS,
        measure="risk_ratio",
        value=0.33,
        interval=(0.18, 0.61),
        mark="V",
        verified_on="2026-11-26",
    )

    assert figure_words(effect) == "riesgo relativo 0.33 (entre 0.18 y 0.61)"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"mark": "M", "verified_on": "2026-11-26"}, "verified_on goes with mark V"),
        ({"mark": "V"}, "verified_on goes with mark V"),
        ({"mark": "M", "value": 3.0}, "a value has a measure"),
        ({"mark": "M", "used": True}, "only what was verified"),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(wrong, why):
    with pytest.raises(ValueError, match=why):
        Effect(**FIELDS, **wrong)


def test_no_unverified_value_is_anywhere_in_what_may_be_public():
    shown = public_evidence(CATALOGUE.intervention)
    hidden = [
        (one.id, effect)
        for one in CATALOGUE.intervention
        for effect in one.effect
        if not effect.is_quotable
    ]

    assert hidden
    assert shown["verified_on"].notna().all()
    for key, effect in hidden:
        rows = shown[(shown["intervention"] == key) & (shown["claim"] == effect.claim)]
        assert rows.empty
    check_citable(shown)


def test_a_table_with_something_unverified_cannot_be_published():
    table = evidence_table(CATALOGUE.intervention)

    with pytest.raises(PrivacyError, match=f"{table['verified_on'].isna().sum()} "):
        check_citable(table)


def test_an_internal_table_shows_the_unverified_without_its_number():
    table = evidence_table(CATALOGUE.intervention)
    unverified = table[table["verified_on"].isna()]

    assert set(unverified["figure"]) == {"sin verificar — no citar"}
    assert set(unverified["claim"]) == {"sin verificar — no citar"}


def test_each_says_how_it_is_thought_to_act_in_words_without_figures():
    table = workings_table(CATALOGUE.intervention)

    assert set(table["intervention"]) == {one.id for one in CATALOGUE.intervention}
    assert not any(table["mechanism"].str.len() < 20)
    assert not set(table["mechanism"]) & set(evidence_table(CATALOGUE.intervention)["claim"])


@pytest.mark.parametrize("field", ["mechanism", "moderators"])
def test_a_figure_is_refused_where_it_would_have_no_source(field):
    one = CATALOGUE.intervention[0].model_dump()

    with pytest.raises(ValidationError, match=field):
        Intervention.model_validate({**one, field: "Baja 20 % el delito."})


def test_crime_and_fear_stand_apart_and_few_actions_have_shown_to_lower_fear():
    lowers = {
        one.id
        for one in CATALOGUE.intervention
        if any(e.direction == "down" and e.is_quotable for e in one.about("fear"))
    }

    assert lowers == {"vacant_lots", "home_environment"}


def test_what_harms_and_what_allocates_patrols_is_never_proposed():
    proposed = {one.id for one in CATALOGUE.proposable()}

    assert not proposed & {
        "scared_straight",
        "bundles_without_diagnosis",
        "curfews_sweeps",
        "hot_spot_policing",
        "foot_patrol",
        "risk_based_policing",
        "predictive_patrol",
    }
    assert len(proposed) == 31


def test_what_is_for_those_who_offended_or_suffered_is_not_proposed_in_public():
    kept = {one.id for one in CATALOGUE.for_the_public().proposable()}
    left = {one.id for one in CATALOGUE.proposable()} - kept

    assert left == {
        "focused_deterrence",
        "restorative_conferences",
        "cbt_cash",
        "victim_advocacy",
        "second_responders",
    }


def test_reviews_that_conflict_stand_side_by_side_with_the_reason():
    conflicting = [one for one in CATALOGUE.intervention if one.conflict]

    assert {"street_lighting", "shop_cpted", "sports", "health_police_data"} <= {
        one.id for one in conflicting
    }
    assert all(len(one.effect) > 1 for one in conflicting)


def test_no_identifier_is_given_that_the_review_does_not_hold():
    dois = {e.doi for one in CATALOGUE.intervention for e in one.effect if e.doi}

    assert dois == {
        "10.1111/1745-9133.12419",
        "10.1007/s11292-019-09372-3",
        "10.1007/s11292-014-9210-y",
    }


def test_the_taxonomies_are_the_official_four_and_eight():
    taxonomies = read_taxonomies()

    assert list(taxonomies.ambitos) == ["social", "comunitario", "situacional", "psicosocial"]
    assert [factor.number for factor in taxonomies.factor] == list(range(1, 9))
    known = set(CATALOGUE.by_id())
    assert {a.intervention for a in taxonomies.action if a.intervention} <= known


def test_the_register_of_agencies_is_dated_and_knows_how_the_log_writes_them():
    agencies = read_agencies()

    assert agencies.as_of.isoformat() == "2026-11-26"
    assert agencies.named("Servicios Públicos") == "public_services"
    assert agencies.named("Nobody") == ""


def test_a_workbench_may_have_its_own_register(tmp_path):
    own = 'version = "1"\nas_of = 2027-01-01\n[[agency]]\nid = "dif"\nname = "DIF"\n'
    (tmp_path / "agencies.toml").write_text(own, encoding="utf-8")

    assert [agency.id for agency in read_agencies(tmp_path).agency] == ["dif"]
    with pytest.raises(SettingsError, match="public_services"):
        read_interventions(tmp_path)


def test_a_catalogue_that_breaks_its_form_says_where(tmp_path):
    text = paths.bundled("data", "reference", "interventions.toml").read_text(encoding="utf-8")
    broken = re.sub(r'outcome = "crime"', 'outcome = "crimen"', text, count=1)
    (tmp_path / "interventions.toml").write_text(broken, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"intervention\.0\.effect\.0\.outcome"):
        read_interventions(tmp_path)


def test_the_file_itself_holds_no_date_beside_an_unverified_mark():
    path = paths.bundled("data", "reference", "interventions.toml")
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    effects = [effect for one in told["intervention"] for effect in one["effect"]]

    assert pd.Series([("verified_on" in e) == (e["mark"] == "V") for e in effects]).all()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"measure": "smd", "value": 0.36}, "percentage or a ratio"),
        ({"measure": "smd", "value": -0.25}, "percentage or a ratio"),
        ({"measure": "share_with", "value": 44}, "percentage or a ratio"),
        ({}, "percentage or a ratio"),
        ({"measure": "percent_change", "value": -100}, "above -100"),
        ({"measure": "percent_change", "value": -50, "upto": -120}, "above -100"),
        ({"measure": "risk_ratio", "value": 0}, "above 0"),
        ({"measure": "odds_ratio", "value": 0.5, "interval": (-0.1, 0.9)}, "above 0"),
        ({"measure": "percent_change", "value": 40}, "direction"),
        ({"measure": "rate_ratio", "value": 0.8, "upto": 1.2}, "direction"),
        ({"measure": "rate_ratio", "value": 0.8, "direction": "up"}, "direction"),
        ({"measure": "rate_ratio", "value": 0.8, "by": " "}, "who saw it"),
    ],
)
def test_a_figure_that_cannot_be_used_as_it_says_is_refused(told, why):
    with pytest.raises(ValidationError, match=why):
        Effect(**{**FIELDS, **SEEN, "used": True, **told})


def test_a_finding_of_no_effect_may_be_used_without_a_figure():
    assert Effect(**{**FIELDS, **SEEN, "used": True, "direction": "none"}).used


def test_what_was_seen_on_a_day_that_has_not_come_is_refused():
    one = CATALOGUE.intervention[0]
    late = one.effect[0].model_copy(update={"verified_on": date(2099, 1, 1)})
    told = one.model_copy(update={"effect": (late,)}).model_dump()

    with pytest.raises(ValidationError, match="2099-01-01"):
        Interventions(version="2026-11", intervention=[told])


def test_why_reviews_differ_is_shown_only_if_all_that_is_known_may_be_cited():
    by_id = CATALOGUE.by_id()

    assert by_id["violence_interrupters"].conflict
    assert by_id["violence_interrupters"].conflict_shown == ""
    assert by_id["shop_cpted"].conflict_shown == by_id["shop_cpted"].conflict
    for one in CATALOGUE.intervention:
        assert one.conflict_shown == "" or all(effect.is_quotable for effect in one.effect)
