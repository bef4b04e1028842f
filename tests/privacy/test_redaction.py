"""People are taken out of what clerks typed, and nothing else is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.demo.kinds import kinds
from labtools.demo.narratives import narratives
from labtools.privacy.person_names import NamesOfPeople
from labtools.privacy.redaction import Redactor

KEY = b"k" * 32
PLACES = (
    "Josefa Ortiz de Domínguez",
    "Eduardo Loarca Castillo",
    "Centro",
    "Félix Osores Sotomayor",
)
SIGNS = ("@correo", "999 000", "999000", "(999)", "ZZZ-")
PEOPLE = (
    *("María Fernanda", "José Luis", "Juan Carlos", "Ana Sofía", "Miguel Ángel", "Rosa Isela"),
    *("Francisco Javier", "Verónica", "Jesús Alberto", "Karla Ximena", "Íñigo"),
    *("Hernández Peña", "Martínez Ochoa", "García Muñoz", "López Ibáñez", "Núñez Rangel"),
    *("Pérez Villaseñor", "Sánchez Trejo", "Ramírez Olvera", "Cruz Bañuelos", "Flores Zúñiga"),
)


@pytest.fixture(scope="module")
def redactor():
    return Redactor(PLACES, key=KEY)


def redacted(redactor, text):
    return redactor.in_text(text)[0]


def test_of_the_demos_narratives_every_person_is_taken_out_and_no_other_word_is(redactor):
    rng = np.random.default_rng(1)
    told = pd.Series(narratives(rng.integers(0, len(kinds()), 1_500), rng))
    personal = told.map(lambda t: any(sign in t for sign in (*PEOPLE, *SIGNS)))

    found = redactor.apply(told)

    left = found.texts.str.replace(r"\[\w+ \w{8}\]", "", regex=True)
    assert personal.sum() > 150
    assert not left.map(lambda t: any(sign in t for sign in (*PEOPLE, *SIGNS))).any()
    assert (found.texts[~personal] == told[~personal]).all()
    assert found.found["name"] >= 0.7 * personal.sum()
    assert set(found.found) == {"name", "phone", "email", "plate", "address"}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Robo en calle Encino", "Robo en calle Encino"),
        ("ROBO A TRANSEÚNTE EN VÍA PÚBLICA CON VIOLENCIA", None),
        ("Violencia familiar; víctima mayor de edad", None),
        ("Colonia Josefa Ortiz de Dominguez", None),
        ("JOSEFA ORTIS DE DOMINGUEZ", None),
    ],
)
def test_subjects_and_places_that_bear_a_persons_name_stay(redactor, text, clean):
    assert redacted(redactor, text) == (clean or text)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Víctima: Xóchitl Tzompantzi, 34 años", "Xóchitl Tzompantzi"),
        ("El C. Yeray Oyarzún de la Huerta huyó", "Yeray Oyarzún"),
        ("a nombre de Nayeli Quechol", "Quechol"),
        ("llamar a Juan Pérez López al 442 123 4567", "Pérez"),
        ("Juan Pérez denunció a Juan Pérez López", "López"),
        ("Eulalia Zumárraga Tlacaélel 442 987 6501", "Tlacaélel"),
        ("pelj850312hqtrmn09", "pelj850312"),
        ("vive en Av. Constituyentes 120, esquina", "120"),
    ],
)
def test_a_name_that_is_announced_common_or_beside_a_telephone_a_key_and_a_home_are_taken_out(
    redactor, text, gone
):
    assert gone not in redacted(redactor, text)


def test_the_same_person_has_one_pseudonym_however_it_is_spelt_and_another_key_another(redactor):
    spelt = [
        redacted(redactor, f"testigo {name}") for name in ("Juan Pérez Soto", "Juan Perez Soto")
    ]
    other = redacted(Redactor(PLACES, key=b"x" * 32), "testigo Juan Pérez Soto")

    assert spelt[0] == spelt[1] != other
    assert spelt[0].startswith("testigo [NOMBRE ")


def test_texts_are_counted_by_kind_and_missing_ones_stay_missing(redactor):
    texts = pd.Series(
        ["tel. 442 123 4567", "tel. 442 123 4567", None, "sin datos"], index=[3, 5, 7, 9]
    )

    found = redactor.apply(texts)

    assert found.found == {"phone": 2}
    assert found.texts.isna().tolist() == [False, False, True, False]
    assert found.texts.index.tolist() == [3, 5, 7, 9]


COMMON = NamesOfPeople.common()
given_names = st.sampled_from(sorted(COMMON.given))
surnames = st.sampled_from(sorted(COMMON.surnames))
digits = st.integers(0, 9)
letters = st.sampled_from("BCDFGHJKLMNPQRSTVWXYZ")
around = st.text(st.sampled_from("abcd ,.;:()áé\n"), max_size=12)
person = st.builds(lambda g, a, b: f"{g} {a} {b}".title(), given_names, surnames, surnames)
phone = st.builds(
    lambda a, b, c, gap: f"{a}{gap}{b}{gap}{c}",
    *(
        st.integers(200, 999),
        st.integers(100, 999),
        st.integers(1000, 9999),
        st.sampled_from(" -."),
    ),
)
curp = st.builds(
    lambda a, b, c, y, m, d, s: f"{a}A{b}{c}{y:02}{m:02}{d:02}{s}QT{a}{b}{c}0{y % 10}",
    *(letters, letters, letters, st.integers(0, 99), st.integers(1, 12), st.integers(1, 28)),
    st.sampled_from("HM"),
)
plate = st.builds(lambda a, n, b: f"{a}{b}{a}-{n}-{b}", letters, st.integers(100, 999), letters)
point = st.builds(lambda x, y: f"{y:.6f}, {x:.6f}", st.floats(-117, -87), st.floats(15, 32))


@settings(max_examples=120, deadline=None)
@given(st.one_of(person, phone, curp, plate, point), around, around)
def test_a_person_planted_anywhere_in_a_text_is_not_in_what_is_kept(sign, before, after):
    text = f"{before} {sign} {after}"

    clean = Redactor(PLACES, key=KEY).in_text(text)[0]

    assert sign not in clean


def test_what_is_nearly_the_name_of_a_place_stays_and_what_is_only_like_it_goes():
    beside = Redactor(("Juan Pérez Villaseñor",), key=KEY)

    assert redacted(beside, "frente a Juan Peres Villasenor") == "frente a Juan Peres Villasenor"
    assert "Pérez" not in redacted(beside, "frente a Juan Pérez Trejo")
