import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labtools.dashboards.choices import (
    ColoniaChoice,
    colonia_choices,
    folded,
    group_choices,
    matching,
)

CHOICES = (
    ColoniaChoice("1", "Álamos"),
    ColoniaChoice("2", "La Cañada"),
    ColoniaChoice("3", "Villas de los Álamos"),
)


def register(*rows):
    return pd.DataFrame(rows, columns=["colonia_id", "name", "borough"])


def test_colonias_of_one_name_show_their_borough_and_the_others_do_not():
    choices = colonia_choices(
        register(("1", "San José", "Norte"), ("2", "San José", "Sur"), ("3", "Centro", "Sur"))
    )

    assert [choice.label for choice in choices] == [
        "Centro",
        "San José (Norte)",
        "San José (Sur)",
    ]


def test_names_that_differ_in_accents_only_are_told_apart_too():
    choices = colonia_choices(register(("1", "San Jose", "Norte"), ("2", "San José", "Sur")))

    assert [choice.label for choice in choices] == ["San Jose (Norte)", "San José (Sur)"]


def test_colonias_of_one_name_and_one_borough_or_none_show_their_key():
    choices = colonia_choices(
        register(
            ("1", "Lomas", "Sur"), ("2", "Lomas", "Sur"), ("3", "Ejido", None), ("4", "Ejido", None)
        )
    )

    assert len({choice.label for choice in choices}) == 4


def test_accents_do_not_change_the_order():
    choices = colonia_choices(
        register(("1", "Zona Centro", "a"), ("2", "Álamos", "a"), ("3", "Bosques", "a"))
    )

    assert [choice.colonia_id for choice in choices] == ["2", "3", "1"]


@pytest.mark.parametrize("typed", ["alamos", "ÁLAMOS", "  álamos "])
def test_accents_capitals_and_spaces_do_not_matter_and_names_that_begin_so_come_first(typed):
    assert [choice.colonia_id for choice in matching(CHOICES, typed)] == ["1", "3"]


def test_every_typed_word_must_be_there_in_any_order():
    assert [choice.colonia_id for choice in matching(CHOICES, "alamos villas")] == ["3"]
    assert matching(CHOICES, "alamos norte") == ()


def test_nothing_typed_leaves_every_colonia():
    assert matching(CHOICES, "") == CHOICES


def test_the_total_is_the_first_crime_group():
    assert group_choices()[0][1] == "total"
    assert len({label for label, _ in group_choices()}) == len(group_choices())


@example("ϓ℡Ⅳ")  # letters that become capitals, or several, only when taken apart
@given(st.text())
def test_folding_twice_is_folding_once(name):
    assert folded(folded(name)) == folded(name)


@given(st.text(min_size=1))
def test_a_colonia_is_always_found_by_its_own_name(name):
    choice = ColoniaChoice("1", name)

    assert matching((choice,), name) == (choice,)
