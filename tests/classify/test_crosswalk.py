import gzip

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools import paths
from labtools.classify.crosswalk import (
    classify_subjects,
    crime_groups,
    fold_subject,
    load_crosswalk,
    unclassified_subjects,
)
from labtools.demo.events import CALLS, OFFENCES, REPORTS
from labtools.errors import SettingsError
from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.sources.descriptor import load_descriptor
from labtools.tables import vocabulary as words

SHIPPED = sorted(path.stem for path in paths.bundled("data", "reference", "crosswalks").glob("*"))
OF_CRIMES = ("fgj", "sesnsp")
GROUPS = {*words.GROUPS, words.SENSITIVE, words.UNCLASSIFIED, words.NOT_A_CRIME}
SENSITIVE_ANYWHERE = ("VIOLENCIA FAMILIAR", "Abuso sexual", "Acoso sexual a menores")
#: An auditor found each of them shown by colonia in a file that is not of crimes.
TOLD_OTHERWISE = (
    "VIOLENCIA INTRAFAMILIAR",
    "VIOLENCIA DE GENERO",
    "ABUSO A MENOR",
    "MALTRATO A MENORES",
    "LESIONES A MENOR DE EDAD",
    "AGRESION A MUJER POR SU PAREJA",
    "Niño maltratado",
    "EXHIBICIONISMO",
    "ACOSO CALLEJERO",
    "REPORTE DE VIOLACION",
)
SENSITIVE_CRIMES = ("Feminicidio", "Violación", "Violación equiparada", "Trata de personas")


def code(subject, crosswalk="fgj"):
    return load_crosswalk(crosswalk).code_of(subject)


def test_every_crime_code_has_a_group_that_the_tables_know():
    assert set(crime_groups().values()) == GROUPS


@pytest.mark.parametrize("name", SHIPPED)
def test_every_rule_gives_a_known_code_and_is_reached(name):
    crosswalk = load_crosswalk(name)

    patterns = [pattern.pattern for pattern, _ in crosswalk.rules]

    assert {code for _, code in crosswalk.rules} <= set(crosswalk.groups)
    assert len(set(patterns)) == len(patterns)
    assert "" not in patterns[:-1]  # what holds of everything comes last


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        *((name, subject) for name in SHIPPED for subject in SENSITIVE_ANYWHERE),
        *((name, subject) for name in SHIPPED for subject in TOLD_OTHERWISE),
        *((name, subject) for name in SHIPPED for subject in SENSITIVE_CRIMES),
    ],
)
def test_sensitive_facts_are_sensitive_in_every_source_that_may_hold_them(name, subject):
    crosswalk = load_crosswalk(name)

    assert crosswalk.groups[crosswalk.code_of(subject)] == words.SENSITIVE


@pytest.mark.parametrize(
    "subject",
    [
        "LESIONES INTENCIONALES POR VIOLENCIA FAMILIAR",
        "ROBO A CASA HABITACION CON VIOLENCIA Y VIOLACION",
        "HOMICIDIO POR ARMA DE FUEGO (FEMINICIDIO)",
        "AMENAZAS Y ACOSO SEXUAL",
        "ROBO DE INFANTE",
    ],
)
def test_what_is_sensitive_decides_whatever_else_the_subject_says(subject):
    crosswalk = load_crosswalk("fgj")

    assert crosswalk.groups[crosswalk.code_of(subject)] == words.SENSITIVE


@given(before=st.text("ABCÑ ", max_size=12), after=st.text("ABCÑ ()", max_size=12))
def test_words_around_it_never_take_a_sensitive_fact_out_of_its_group(before, after):
    crosswalk = load_crosswalk("fgj")

    found = crosswalk.code_of(f"{before} violencia familiar {after}")

    assert crosswalk.groups[found] == words.SENSITIVE


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("VIOLACION DE CORRESPONDENCIA", "other_crime"),
        ("VIOLACION A LOS DERECHOS HUMANOS", "public_administration"),
        ("HOMICIDIO CULPOSO POR TRÁNSITO VEHICULAR", "traffic_offence"),
        ("HOMICIDIO CULPOSO FUERA DEL D.F (ATROPELLADO)", "traffic_offence"),
        ("HOMICIDIO CULPOSO POR ARMA DE FUEGO", "negligent_homicide"),
        ("HOMICIDIO CULPOSO POR INSTRUMENTO PUNZO CORTANTE", "negligent_homicide"),
        ("LESIONES A MENOR DE EDAD", "minors"),
        ("TENTATIVA DE HOMICIDIO", "attempted_homicide"),
        ("HOMICIDIO POR ARMA BLANCA", "homicide"),
        ("ROBO A TRANSEUNTE EN VIA PUBLICA CON VIOLENCIA", "street_robbery"),
        ("ROBO A TRANSEUNTE EN VIA PUBLICA SIN VIOLENCIA", "street_theft"),
        ("ROBO A CASA HABITACION SIN VIOLENCIA", "home_burglary"),
        ("ROBO DE VEHICULO DE SERVICIO PARTICULAR CON VIOLENCIA", "vehicle_robbery"),
        ("ROBO DE VEHICULO DE SERVICIO PARTICULAR SIN VIOLENCIA", "vehicle_theft"),
        ("ROBO S/V DENTRO DE NEGOCIOS, AUTOSERVICIOS, CONVENIENCIA", "business_theft"),
        ("PERDIDA DE LA VIDA POR SUICIDIO", "non_criminal_death"),
    ],
)
def test_subjects_that_look_alike_are_told_apart(subject, expected):
    assert code(subject) == expected


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Homicidio | Homicidio doloso | Con arma de fuego", "homicide"),
        ("Homicidio | Homicidio culposo | En accidente de tránsito", "traffic_offence"),
        ("Homicidio | Homicidio culposo | Con arma de fuego", "negligent_homicide"),
        ("Robo | Robo de vehículo automotor | Robo de coche de 4 ruedas Con violencia",
         "vehicle_robbery"),
        ("Robo | Robo de vehículo automotor | Robo de coche de 4 ruedas Sin violencia",
         "vehicle_theft"),
        ("Feminicidio | Feminicidio | Con arma blanca", "feminicide"),
        ("Amenazas | Amenazas | Amenazas", "threats"),
    ],
)  # fmt: skip
def test_official_counts_are_told_apart_by_their_three_levels(subject, expected):
    assert code(subject, "sesnsp") == expected


@pytest.mark.parametrize("name", SHIPPED)
def test_what_no_rule_names_waits_for_a_person(name):
    assert code("HECHO NUNCA VISTO", name) == words.UNCLASSIFIED


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("APOYO A CIUDADANO", "call_service"),  # ciuDADANO holds DANO
        ("VIOLACION AL REGLAMENTO DE TRANSITO", "call_disorder"),
        ("HOMICIDIO", "call_crime"),
        ("SECUESTRO", "call_crime"),
        ("AMENAZAS", "call_crime"),
        ("LESIONADO POR ARMA DE FUEGO", "call_crime"),
        ("FALSA ALARMA", "call_service"),
        ("PERSONA EXTRAVIADA", "call_service"),
    ],
)
def test_calls_are_told_by_whole_beginnings_of_words(subject, expected):
    assert code(subject, "calls") == expected


def test_what_only_sounds_sensitive_hides_nothing_that_is():
    calls = load_crosswalk("calls")

    found = calls.code_of("Violación al reglamento de tránsito y violencia familiar")

    assert calls.groups[found] == words.SENSITIVE


@pytest.mark.parametrize(
    ("name", "told"), [("calls", CALLS), ("disorder", OFFENCES), ("service", REPORTS)]
)
def test_every_subject_of_the_demo_is_named_by_a_rule(name, told):
    assert [row[1] for row in told if code(row[1], name) == words.UNCLASSIFIED] == []


def test_subjects_are_compared_without_accents_case_or_double_spaces():
    assert fold_subject("  Sustraccio\u0301n  de\nMenores ") == "SUSTRACCION DE MENORES"


def test_every_subject_has_a_code_and_a_missing_one_is_not_classified():
    subjects = pd.Series(["AMENAZAS", None, "XYZ", "XYZ"], index=[3, 5, 7, 9], dtype="str")

    codes = classify_subjects(subjects, load_crosswalk("fgj"))

    expected = {
        "crime_code": ["threats", "unclassified", "unclassified", "unclassified"],
        "crime_group": ["violence", "unclassified", "unclassified", "unclassified"],
    }
    pd.testing.assert_frame_equal(codes, pd.DataFrame(expected, index=subjects.index, dtype="str"))
    queue = unclassified_subjects(subjects, codes["crime_code"])
    assert queue["XYZ"] == 2
    assert queue.sum() == 3


def test_a_crosswalk_that_is_not_there_is_refused_with_those_there_are():
    with speaking("en"), pytest.raises(SettingsError, match=r"called otro\. Those .*fgj.*sesnsp"):
        load_crosswalk("otro")


def test_a_rule_with_a_code_that_nobody_knows_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "reference" / "crosswalks"
    folder.mkdir(parents=True)
    folder.joinpath("x.toml").write_text(
        'version = "1"\nrules = [["", "robo"]]\n', encoding="utf-8"
    )
    folder.parent.joinpath("crime_codes.toml").write_text("[codes]\n", encoding="utf-8")
    monkeypatch.setattr(paths, "bundled", tmp_path.joinpath)

    with speaking("en"), pytest.raises(SettingsError, match="gives the code robo, which"):
        load_crosswalk("x")


@pytest.fixture(scope="module")
def real_subjects(real_data):
    with gzip.open(real_data / "cdmx" / "carpetas_fgj_2019_2023.csv.gz") as stream:
        return pd.read_csv(stream, usecols=["delito"], dtype="str", keep_default_na=False)["delito"]


@pytest.mark.real_data
def test_every_real_subject_is_classified_and_no_case_file_is_lost(real_subjects):
    codes = classify_subjects(real_subjects, load_crosswalk("fgj"))

    # The notes that came with the file say 321; the file that is here has 317.
    assert real_subjects.nunique() == 317
    assert len(codes) == codes["crime_group"].notna().sum() == 1_099_353
    assert unclassified_subjects(real_subjects, codes["crime_code"]).empty


#: Categories of CentroGeo, and our codes for the subjects that it puts into each.
CENTROGEO = {
    "Homicidios dolosos": {"homicide"},
    "Lesiones dolosas": {"injury"},
    "Robo a casa habitación": {"home_robbery", "home_burglary"},
    "Robo a negocio": {"business_robbery", "business_theft"},
    "Robo a pasajero": {"transport_robbery", "transport_theft"},
    "Robo a transeúnte": {"street_robbery", "street_theft"},
    "Robo de/en vehículo": {"vehicle_robbery", "vehicle_theft", "vehicle_parts_theft"},
}


@pytest.mark.real_data
def test_the_78_subjects_that_centrogeo_labelled_fall_to_the_same_categories(real_data):
    theirs = pd.read_csv(real_data / "cdmx" / "centrogeo_categorias_carpetas.csv", dtype="str")

    ours = classify_subjects(theirs["incidente"], load_crosswalk("fgj"))["crime_code"]

    told = ours.groupby(theirs["categoria"]).agg(set).to_dict()
    assert len(theirs) == 78
    assert told == CENTROGEO


@pytest.mark.real_data
def test_every_real_subject_with_a_sensitive_word_is_sensitive(real_subjects):
    subjects = pd.Series(real_subjects.unique())
    folded = subjects.map(fold_subject)
    sensitive = folded.str.contains("SEXUAL|FAMILIAR|FEMINICIDIO|MENOR|INFANTE|VIOLACION|TRATA DE")
    not_rape = folded.str.contains("CORRESPONDENCIA|DE LA INTIMIDAD$|DERECHOS HUMANOS")

    groups = classify_subjects(subjects, load_crosswalk("fgj"))["crime_group"]

    assert set(groups[sensitive & ~not_rape]) == {words.SENSITIVE}


def test_the_calls_of_the_demo_are_told_by_the_column_that_says_what_was_asked_for():
    said = load_descriptor("calls_911_demo", Workbench(paths.bundled()))

    # Its other column, TIPO, would hide domestic violence under “Violencia”.
    assert said.column("subject") == "SUBTIPO"


def test_a_descriptor_that_names_no_crosswalk_is_told_what_to_write():
    said = r"Write crosswalk = .*sesnsp.*subject"
    with speaking("en"), pytest.raises(SettingsError, match=said):
        load_crosswalk("")
