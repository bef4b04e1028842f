"""A survey that nobody described: its questions by name and by code, its waves by their months."""

import tomllib

import pandas as pd
import pytest

from labtools.forms import FileFormat
from labtools.sources.descriptor import Question
from labtools.sources.guess import guess_columns
from labtools.sources.guess_questions import (
    closed_columns,
    guess_questions,
    guess_wave_form,
    known_questions,
    last_wave,
)
from labtools.workflow.new_survey import Asked, look_at_survey, question_lines, said_of_survey


def answers(**columns):
    return pd.DataFrame({name: pd.Series(cells, dtype="str") for name, cells in columns.items()})


def test_inegis_own_question_is_understood_with_its_codes():
    # ENSU, BP1_1: in terms of crime, living in your city is 1 safe, 2 unsafe, 9 no answer.
    (found,) = guess_questions(answers(bp1_1=["1", "2", "2", "1", "2.0"]), known_questions())

    assert (found.column, found.indicator) == ("bp1_1", "insecurity")
    assert (found.yes, found.no) == (("2",), ("1",))


def test_a_column_of_that_name_whose_answers_are_words_is_left_to_a_person():
    sample = answers(BP1_1=["segura", "insegura"] * 5)

    assert guess_questions(sample, known_questions()) == ()
    assert closed_columns(sample) == {"BP1_1": ("insegura", "segura")}


def test_an_indicator_is_asked_once():
    known = (Question(column="miedo", indicator="insecurity", yes=("2",), no=("1",)),)

    found = guess_questions(answers(miedo=["1", "2"], Miedo_=["2", "1"]), known)

    assert [one.column for one in found] == ["miedo"]


@pytest.mark.parametrize(
    ("cells", "form", "last"),
    [
        (["2024-05", "2024-11"], "%Y-%m-%d", "2024-11-30"),
        (["2024-05-03", "2024-11-21"], "%Y-%m-%d", "2024-11-30"),
        (["0624", "0924"], "%m%y", "2024-09-30"),
        (["05/2024"], "%m/%Y", "2024-05-31"),
        (["primera", "segunda"], "", None),
    ],
)
def test_waves_are_months_however_they_are_written(cells, form, last):
    written = pd.Series(cells, dtype="str")

    assert guess_wave_form(written) == form
    if form:
        assert last_wave(written, form) == pd.Timestamp(last)


def test_what_was_not_understood_stands_in_the_descriptor_as_a_comment(tmp_path):
    path = tmp_path / "encuesta.csv"
    sample = answers(
        Oleada=["2025-11"] * 4, BP1_1=list("1212"), Alumbrado=list("1233"), Factor=list("5678")
    )
    sample.to_csv(path, index=False)
    columns = guess_columns(list(sample.columns), "survey")

    asked = look_at_survey(path, FileFormat(), sample, columns)
    lines = question_lines(asked)

    assert columns == {"wave": "Oleada", "weight": "Factor"}
    (question,) = tomllib.loads("\n".join(lines))["question"]
    assert (question["column"], question["yes"]) == ("BP1_1", ["2"])
    assert '# column = "Alumbrado"  # "1", "2", "3"' in lines
    assert asked.until == pd.Timestamp("2025-11-30")


def test_a_survey_without_any_question_says_what_to_write():
    said = "\n".join(said_of_survey(Asked()))

    assert "[[question]]" in said
