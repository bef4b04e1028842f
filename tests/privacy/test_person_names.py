"""Which runs of words are a name, by lists short enough to read."""

import pytest

from labtools.privacy.person_names import NamesOfPeople, folded

NAMES = NamesOfPeople(
    given=frozenset({"juan", "rosa", "santiago", "cruz"}),
    surnames=frozenset({"perez", "lopez", "santiago", "cruz", "leon"}),
    honoured=frozenset({"juan perez leon"}),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Juan Pérez", ["Juan Pérez"]),
        ("JUAN PÉREZ", ["JUAN PÉREZ"]),
        ("vino Rosa López, y Juan Pérez", ["Rosa López", "Juan Pérez"]),
        ("Juan Rosa Pérez López", ["Juan Rosa Pérez López"]),
        ("Juan Santiago", ["Juan Santiago"]),  # the second is a surname too
        ("Juan de la Cruz", ["Juan de la Cruz"]),
        ("Pérez López Juan", ["Pérez López Juan"]),
        ("pérez lópez juan", ["pérez lópez juan"]),
        ("juan pérez lópez", ["juan pérez lópez"]),
        ("J. Juan Pérez.", ["Juan Pérez."]),
        ("Juan\nPérez", ["Juan Pérez"]),
        ("Juan Pérez de", ["Juan Pérez"]),  # what only joins ends no name
        ("Juan Pérez de la", ["Juan Pérez"]),
    ],
)
def test_given_names_and_surnames_side_by_side_are_a_name(text, found):
    assert list(NAMES.in_text(text)) == found


@pytest.mark.parametrize(
    "text",
    [
        "Juan",
        "Pérez López",
        "Juan Rosa",
        "juan pérez",  # in small letters one surname may be a word
        "Juan pérez",
        "Pérez Juan",  # backwards it takes two
        "Pérez López León",
        "Juan, Pérez",
        "Juan. Pérez López",
        "Juan y Pérez",
        "de Juan",
        "Juan de",
        "San Juan Pérez",
        "Juan Pérez León",  # a street bears it
        "JUAN PEREZ LEON",
        "",
    ],
)
def test_what_lacks_a_part_is_interrupted_or_is_of_a_street_is_none(text):
    assert list(NAMES.in_text(text)) == []


def test_after_a_saint_one_word_is_passed_over_and_no_more():
    assert list(NAMES.in_text("Santa Rosa Juan Pérez")) == ["Juan Pérez"]
    assert list(NAMES.in_text("santo de Juan Pérez")) == ["Juan Pérez"]


def test_words_are_compared_without_accents_and_capitals():
    assert folded("ÁÉÍÓÚ Ñandú Güera") == "aeiou nandu guera"
