"""What a person who reads Spanish is told when a supplier's file is wrong.

Every message must say what happened, in which file, where (the first case and how many), and
what to do next.
"""

import re

import pytest

from labtools.errors import LabError
from labtools.messages import speaking
from tests.sources.supplied import (
    EVENTS,
    EVENTS_HEADER,
    REGISTER,
    clean,
    intake,
    register_file,
    written,
)

ROW = "A1,2024-05-06,,ROBO,,,"
CENSUS = {
    "kind": "census",
    "columns": {
        "entity": "ENT",
        "municipality": "MUN",
        "locality": "LOC",
        "ageb": "AGEB",
        "block": "MZA",
        "population": "POB",
    },
}
NEXT_STEP = re.compile(
    r"\b(pida|corrija|escriba|descargue|revise|pregunte|ponga|busque)\b", re.IGNORECASE
)

#: How the file is wrong → what it holds, and what the message must name.
EVENT_FILES = {
    "a missing column": ("folio,fecha\nA1,2024-05-06\n", ["“hora”", "5", "folio y fecha"]),
    "a repeated column": (f"{EVENTS_HEADER},fecha\n{ROW},\n", ["“fecha”"]),
    "a cell too many": (f"{EVENTS_HEADER}\n{ROW},\n{ROW},\n", ["2", "8", "7"]),
    "an empty file": ("", []),
    "a header alone": (f"{EVENTS_HEADER}\n", []),
    "a web page": ("<!doctype html><p>Error", []),
    "another delimiter": (f"{EVENTS_HEADER}\n{ROW}\n".replace(",", ";"), ["“;”", "“,”"]),
    "another encoding": (f"{EVENTS_HEADER}\nA1,2024-05-06,,ROBÓ,,,\n".encode("latin-1"), ["2"]),
    "another form of date": (
        f"{EVENTS_HEADER}\nA1,6/5/2024,,ROBO,,,\n",
        ["“fecha”", "“6/5/2024”", "1", "2025-12-31"],
    ),
}
CENSUS_ROW = "22,014,0001,001A,000,{}\n"
CENSUS_FILES = {
    "a thousands mark": (CENSUS_ROW.format('"1,234"'), ["“POB”", "“1,234”", "2", "1"]),
    "an unknown token": (CENSUS_ROW.format("5") + CENSUS_ROW.format("S/D"), ["“S/D”", "3"]),
}
REGISTERS = {
    "a repeated key": ({"clave": ["1", "1"], "nombre": ["a", "b"], "pob": ["1", "2"]}, ["“1”"]),
    "no population": ({"clave": ["1"], "nombre": ["a"]}, ["“pob”", "clave"]),
    "a wrong figure": (
        {"clave": ["1"], "nombre": ["a"], "pob": ["mil"]},
        ["“pob”", "“mil”", "2", "1"],
    ),
}


def told(given, language="es_MX"):
    with pytest.raises(LabError) as refused:
        clean(given)
    with speaking(language):
        return str(refused.value)


def assert_says_all(given, *facts):
    spanish, english = told(given), told(given, "en")
    assert spanish != english
    assert given.path.name in spanish
    assert NEXT_STEP.search(spanish), spanish
    for fact in facts:
        assert fact in spanish


@pytest.mark.parametrize("fault", EVENT_FILES)
def test_a_wrong_file_of_events_is_explained(tmp_path, fault):
    content, facts = EVENT_FILES[fault]

    assert_says_all(intake(written(tmp_path, content), EVENTS), *facts)


@pytest.mark.parametrize("fault", CENSUS_FILES)
def test_a_wrong_census_is_explained(tmp_path, fault):
    rows, facts = CENSUS_FILES[fault]
    path = written(tmp_path, "ENT,MUN,LOC,AGEB,MZA,POB\n" + rows, "censo.csv")

    assert_says_all(intake(path, CENSUS), *facts)


@pytest.mark.parametrize("fault", REGISTERS)
def test_a_wrong_register_is_explained(tmp_path, fault):
    columns, facts = REGISTERS[fault]

    assert_says_all(intake(register_file(tmp_path, **columns), REGISTER), *facts)


def test_a_where_that_matches_nothing_is_explained(tmp_path):
    path = register_file(tmp_path, clave=["1"], nombre=["a"], pob=["1"])

    assert_says_all(intake(path, REGISTER, where={"clave": "09*"}), "clave = 09*")


def test_a_file_that_is_not_there_is_explained(tmp_path):
    assert_says_all(intake(tmp_path / "nada.csv", EVENTS))
