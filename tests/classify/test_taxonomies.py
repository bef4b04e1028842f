"""Classifications as data: every code maps once, nothing is lost, and publishers agree."""

import tomllib

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools import paths
from labtools.classify import taxonomies
from labtools.classify.crosswalk import crime_groups, load_crosswalk
from labtools.classify.taxonomies import (
    CLASSIFICATIONS,
    NONE,
    TARGETS,
    check_correspondences,
    load_correspondence,
    load_taxonomy,
    recode,
    recoded,
    sesnsp_titles,
    signs_of,
)
from labtools.demo.events import CALLS, OFFENCES, REPORTS
from labtools.demo.kinds import titles
from labtools.errors import TableError
from labtools.messages import speaking
from labtools.tables import vocabulary as words

#: The same good in both Mexican classifications (SESNSP's seven, of INEGI's nine).
SAME_GOOD = {
    "life": "1",
    "liberty": "2",
    "sexual": "3",
    "property": "4",
    "family": "5",
    "society": "6",
    "other": "9",
}
#: Types that we count under another good, with the reason.
OTHERWISE = {
    "Aborto": "3",  # sensitive: shown with sexual and reproductive liberty, never by colonia
    "Tráfico de menores": "6",  # with the crimes against minors
    "Otros delitos contra el patrimonio": "9",  # a remainder: other crimes
    "Otros delitos contra la sociedad": "9",
    "Allanamiento de morada": "4",  # with the dispossession of homes
    # INEGI's eighth good, which SESNSP does not have: the administration of the State
    "Evasión de presos": "8",
    "Delitos cometidos por servidores públicos": "8",
    "Electorales": "8",
}


def test_every_one_of_our_codes_falls_once_in_each_classification():
    check_correspondences()

    for target in TARGETS:
        assert set(load_correspondence(target)) == set(crime_groups())


@pytest.mark.parametrize("name", CLASSIFICATIONS)
def test_a_classification_has_its_version_and_no_two_codes_with_the_same_words(name):
    taxonomy = load_taxonomy(name)

    assert taxonomy.version
    assert taxonomy.title
    assert len(set(taxonomy.items.values())) == len(taxonomy.items)


@pytest.mark.parametrize(
    ("name", "items"), [("cndfe", 9), ("sesnsp_goods", 7), ("ensu_conducts", 8),
                        ("lgpsvd_ambits", 4), ("pronapred_factors", 8)]
)  # fmt: skip
def test_classifications_are_as_long_as_their_publishers_say(name, items):
    assert len(load_taxonomy(name).items) == items


def test_the_national_count_has_40_types_and_98_rows_for_each_area():
    national = sesnsp_titles()

    assert len(national) == len(set(national)) == 98
    assert len({kind for _, kind, _, _ in national}) == 40
    assert set(titles()) <= set(national)


def test_every_row_of_the_national_count_has_a_code_under_the_same_good():
    goods = {title: key for key, title in load_taxonomy("sesnsp_goods").items.items()}
    good_of = load_correspondence("cndfe")
    crosswalk = load_crosswalk("sesnsp")

    for good, kind, subtype, mode in sesnsp_titles():
        code = crosswalk.code_of(f"{kind} | {subtype} | {mode}")
        assert code != words.UNCLASSIFIED
        assert good_of[code] == OTHERWISE.get(kind, SAME_GOOD[goods[good]]), kind


def test_violence_is_told_apart_in_every_robbery_of_the_national_count():
    crosswalk, groups = load_crosswalk("sesnsp"), crime_groups()

    for _, kind, subtype, mode in sesnsp_titles():
        group = groups[crosswalk.code_of(f"{kind} | {subtype} | {mode}")]
        if kind == "Robo":
            assert (group == "robbery") == ("Con violencia" in mode), (subtype, mode)


counts = st.dictionaries(st.sampled_from(sorted(crime_groups())), st.integers(0, 10**6))


@pytest.mark.parametrize("target", TARGETS)
@settings(deadline=None, max_examples=40)
@given(told=counts)
def test_no_count_is_lost_or_doubled_in_another_classification(target, told):
    table = pd.Series(told, dtype="Int64")

    found = recode(table, target)

    assert found.sum() == table.sum()
    assert set(found.index) <= {*load_taxonomy(target).items, NONE}
    assert found.index.is_unique


def test_a_count_of_a_code_that_is_not_ours_is_refused_and_not_lost():
    with speaking("en"), pytest.raises(TableError, match=r"1 codes are not .* first is robo"):
        recode(pd.Series({"robo": 3, "homicide": 1}), "iccs")


def test_a_count_that_is_not_known_is_no_zero():
    assert pd.isna(recode(pd.Series({"homicide": None}, dtype="Int64"), "iccs")["0101"])


def test_a_code_left_out_of_a_correspondence_is_told(monkeypatch):
    whole = dict(load_correspondence("iccs"))
    whole.pop("fraud")
    monkeypatch.setattr(taxonomies, "load_correspondence", lambda _: whole)

    with speaking("en"), pytest.raises(TableError, match="not whole at fraud"):
        check_correspondences()


@pytest.mark.parametrize(
    ("subject", "conduct"),
    [
        ("Ingerir bebidas alcohólicas en la vía pública", "2"),
        ("Consumo de alcohol en vía pública", "2"),
        ("Inhalar sustancias tóxicas en la vía pública", "5"),
        ("Pintar grafiti sin permiso", "1"),
        ("Detonaciones de arma de fuego", "6"),
        ("Robo a transeúnte", "3"),
        ("Toma clandestina de energía eléctrica", "8"),
        ("Pandilla molestando", "4"),
        ("Venta de gasolina robada", "7"),
        ("Luminaria apagada", NONE),
        ("Ruido excesivo", NONE),
    ],
)
def test_a_subject_is_a_sign_of_the_conduct_that_people_are_asked_about(subject, conduct):
    assert signs_of(pd.Series([subject]))[0] == conduct


@pytest.mark.parametrize(
    "subject",
    ["APOYO A CIUDADANO", "PERSONA INTOXICADA POR GAS", "BANDA DE MUSICA", "PINTAR GUARNICIONES"],
)
def test_words_that_only_sound_like_a_sign_are_a_sign_of_none(subject):
    assert signs_of(pd.Series([subject]))[0] == NONE


def test_every_subject_of_calls_offences_and_reports_is_a_sign_of_one_conduct_or_of_none():
    told = pd.Series([row[1] for row in (*CALLS, *OFFENCES, *REPORTS)] + [None])

    found = signs_of(told)

    assert len(found) == len(told)
    assert set(found) <= {*load_taxonomy("ensu_conducts").items, NONE}
    assert found.iloc[-1] == NONE


def test_events_in_other_classifications_add_up_and_bear_their_official_words():
    codes = pd.Series(["homicide", "homicide", "fraud", "missing_person"])

    told = recoded(codes, "carpetas")

    assert told.groupby("classification")["events"].sum().to_dict() == dict.fromkeys(TARGETS, 4)
    iccs = told[told["classification"] == "iccs"].set_index("code")
    assert iccs.loc["0101", "events"] == 2
    assert iccs.loc["0101", "title"] == load_taxonomy("iccs").items["0101"]
    assert recoded(codes.iloc[:0], "carpetas").empty


def test_the_spheres_of_the_law_bear_the_names_that_interventions_use():
    path = paths.bundled("data", "reference", "taxonomies.toml")
    spheres = tomllib.loads(path.read_text(encoding="utf-8"))["ambitos"]

    assert list(load_taxonomy("lgpsvd_ambits").items) == list(spheres)
