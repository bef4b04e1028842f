"""Results are read as cards: in words, escaped, with named tables; and short in a terminal."""

import dataclasses
import importlib
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import labtools
from labtools.analysis.rates import Rates, crude_rates
from labtools.messages import speaking
from labtools.tables.claimed import Checked
from labtools.tables.shown import Shown
from labtools.tables.shown_words import FIELDS

PACKAGE = Path(labtools.__file__).parent
ATTACK = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def kinds():
    """Every class that is shown as a card."""
    for path in PACKAGE.rglob("*.py"):
        if "(Shown):" in path.read_text(encoding="utf-8"):
            importlib.import_module(
                ".".join(("labtools", *path.relative_to(PACKAGE).with_suffix("").parts))
            )
    return [it for it in Shown.__subclasses__() if it.__module__.startswith("labtools")]


@pytest.fixture
def rates():
    events = pd.Series({"La Loma": 12.0, ATTACK: 0.0, "Sin gente": 1.0})
    return crude_rates(events, pd.Series([4_000.0, 900.0, 0.0], index=events.index))


class Balanced(HTMLParser):
    """Fails where a tag is closed that is not open."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(card):
    parser = Balanced()
    parser.feed(card)
    assert parser.open == []
    return parser.seen


def test_every_figure_of_every_result_has_its_words_and_every_result_its_title(kinds):
    assert len(kinds) >= 19
    for kind in kinds:
        names = {it.name for it in dataclasses.fields(kind)}
        assert names <= FIELDS.keys(), kind
        with speaking("es_MX"):
            assert all(labtools.messages.say(FIELDS[it]) != FIELDS[it] for it in names - {"q"})
            assert labtools.messages.say(kind.told_as) != kind.told_as


def test_a_card_names_itself_its_language_and_its_tables_for_whoever_hears_it(rates):
    with speaking("es_MX"):
        seen = read(rates._repr_html_())

    (section, *_) = [attrs for tag, attrs in seen if tag == "section"]
    assert section["lang"] == "es-MX"
    assert section["aria-label"] == "Tasas con sus intervalos exactos"
    assert [tag for tag, _ in seen].count("caption") == 1
    assert all(attrs == {"scope": "col"} for tag, attrs in seen if tag == "th")


def test_nothing_that_a_supplier_wrote_is_taken_for_markup(rates):
    told = rates._repr_html_()

    assert "<img" not in told
    assert "&lt;img src=x onerror=alert(1)&gt;" in told


def test_what_must_be_known_stands_on_the_card_with_how_grave_it_is(rates):
    with speaking("en"):
        told = rates._repr_html_()

    assert '<p role="note"><strong>Caution:</strong> One colonia has no registered' in told
    assert "Sin gente" in told


def test_a_missing_figure_is_no_zero_and_a_verdict_is_said_in_words():
    checked = Checked(-9.0, 120.0, 110.0, float("nan"), -30.25, float("inf"), "indistinguishable")

    with speaking("es_MX"):
        told = checked._repr_html_()

    assert re.findall("<dd>(.*?)</dd>", told) == [
        "-9.00",
        "120",
        "110",
        "no se sabe",
        "-30.2",
        "∞",
        "no se distingue del azar",
    ]


def test_in_a_terminal_a_result_is_one_line_however_long_its_tables(rates):
    assert repr(rates).startswith("Rates(table=<3 × 5>, per=1000")
    assert "\n" not in repr(rates)
    long = Rates(pd.DataFrame({"rate": np.arange(900.0)}), 1_000, 0.95, ())
    assert len(repr(long)) < 80


def test_of_a_long_table_the_first_rows_are_shown_and_it_is_said():
    long = Rates(pd.DataFrame({"rate": np.arange(900.0)}), 1_000, 0.95, ())

    with speaking("en"):
        told = long._repr_html_()

    assert told.count("<tr>") == 1 + 8
    assert "Figures (the first 8 of 900 rows)" in told
