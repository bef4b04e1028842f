from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pytest
from babel.numbers import format_decimal

from labtools import messages
from labtools.messages import (
    Plural,
    day,
    from_environment,
    listed,
    month,
    number,
    percent,
    plural,
    say,
    speaking,
    text,
)


@pytest.fixture(autouse=True)
def _without_a_language(monkeypatch):
    for name in ("LABTOOLS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "es_MX"),
        ({"LANG": "C.UTF-8"}, "es_MX"),
        ({"LANG": "POSIX"}, "es_MX"),
        ({"LANG": "es_MX.UTF-8"}, "es_MX"),
        ({"LANG": "fr_FR.UTF-8"}, "es_MX"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "es_MX.UTF-8"}, "es_MX"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "es_MX.UTF-8", "LABTOOLS_LANG": "en"}, "en"),
        ({"LANG": "en_US.UTF-8", "LABTOOLS_LANG": "es"}, "es_MX"),
        ({"LANG": ""}, "es_MX"),
    ],
)
def test_people_get_spanish_unless_they_ask_for_english(environment, language):
    assert from_environment(environment) == language


def test_the_language_asked_for_holds_inside_its_block_only():
    with speaking("en"):
        inside = messages.language()

    assert (inside, messages.language()) == ("en", "es_MX")


def test_each_thread_speaks_its_own_language():
    def spoken(language):
        with speaking(language):
            return messages.language()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(spoken, ["en", "es_MX"] * 20)) == ["en", "es_MX"] * 20


def test_a_sentence_without_translation_is_said_as_it_stands():
    assert text("Nobody translated this {thing}.", thing="one") == "Nobody translated this one."


def test_braces_in_a_fact_are_left_alone():
    assert text("{path}", path="{0} {x}") == "{0} {x}"


def test_the_empty_sentence_is_empty():
    # gettext answers "" with the catalogue's header.
    assert text("") == ""


@pytest.mark.parametrize(("n", "said"), [(0, "0 rows"), (1, "1 row"), (2_500, "2,500 rows")])
def test_a_sentence_that_counts_chooses_its_form(n, said):
    with speaking("en"):
        assert say(plural("{n} row", "{n} rows"), n=n) == said


def test_a_plural_is_only_two_sentences():
    assert plural("one", "many") == Plural("one", "many")


@pytest.mark.parametrize(
    ("items", "said"), [(("a",), "a"), (("a", "b"), "a y b"), (("a", "b", 3), "a, b y 3")]
)
def test_things_are_listed_as_people_list_them(items, said):
    with speaking("es_MX"):
        assert listed(items) == text("{items}", items=items) == said


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [
        (0, 0, "0"),
        (1_099_353, 0, "1,099,353"),
        (2.0, 1, "2.0"),
        (0.125, 2, "0.12"),
        (-3.5, 1, "-3.5"),
    ],
)
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_numbers_have_exactly_the_decimals_asked_for(language, value, digits, written):
    with speaking(language):
        assert number(value, digits) == written


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_numbers_are_written_as_babel_writes_them(language):
    rng = np.random.default_rng(5)
    values = [*rng.normal(0, 10.0 ** rng.integers(-3, 8, 400)), 2.675, -0.2, 1e22, np.inf, 12]

    with speaking(language):
        for digits, pattern in ((0, "#,##0"), (1, "#,##0.0"), (3, "#,##0.000")):
            expected = [format_decimal(v, pattern, locale=language) for v in values]
            assert [number(v, digits) for v in values] == expected


def test_a_share_is_written_in_percent():
    with speaking("es_MX"):
        assert percent(0.6613, 1) == "66.1 %"


def test_dates_are_written_in_words():
    last = date(2025, 12, 31)

    with speaking("es_MX"):
        assert (day(last), month(last)) == ("31 de diciembre de 2025", "diciembre de 2025")
    with speaking("en"):
        assert (day(last), month(last)) == ("December 31, 2025", "December 2025")
