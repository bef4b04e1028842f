"""An analyst who reads Spanish meets no key of a table: neither in a heading nor in a cell."""

import re
from itertools import chain
from typing import get_args

import nbformat
import pandas as pd
import pytest

from labtools.messages import speaking
from labtools.tables import vocabulary
from labtools.tables.contracts import CONTRACTS
from labtools.tables.headings import HEADINGS
from labtools.tables.in_words import WORDS, in_words, word_of
from labtools.tables.store import read_table
from labtools.targeting.catalogue import Direction, Outcome
from tests.publish.markup import Page

#: Written alike in both languages.
ALIKE = {"colonia", "colonias", "no", "error", "pesos"}
FACT = re.compile(r"[a-z]+(_[a-z0-9]+)+|True|False|NaN|NaT|None|nan")


def keys() -> set[str]:
    """Return every name of a column and every word that a canonical table may hold."""
    columns = {name for it in CONTRACTS.values() for name in it.columns}
    allowed = {
        str(word)
        for it in CONTRACTS.values()
        for column in it.columns.values()
        for check in column.checks
        if check.name == "isin"
        for word in check.statistics["allowed_values"]
    }
    return (columns | allowed | set(HEADINGS) | set(WORDS)) - ALIKE


def told_by(path) -> set[str]:
    """Return the words of every heading and cell of the tables of an executed notebook."""
    told = nbformat.read(path, as_version=4)
    outputs = chain.from_iterable(cell.get("outputs", ()) for cell in told.cells)
    shown = "".join(
        "".join(it["data"].get("text/html", "")) for it in outputs if it.get("data") is not None
    )
    found = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", shown, re.DOTALL)
    return {" ".join(Page(cell).text.split()) for cell in found}


@pytest.mark.slow
def test_no_table_of_a_notebook_has_a_heading_or_a_cell_that_only_the_code_understands(finished):
    folder = finished.reports / "latest" / "internal" / "notebooks"
    city = finished.reports / "latest" / "internal" / "city" / "internal"
    recoded = read_table("counts_recoded", city)  # sources and classifications have keys of the lab
    own = {*read_table("account", city)["source"], *recoded["source"], *recoded["classification"]}
    known = keys()
    told = {
        path.relative_to(folder).as_posix(): told_by(path)
        for path in folder.rglob("*.ipynb")
        if "fichas" not in path.parts  # a ficha has sentences and drawings
    }

    wrong = {
        name: found
        for name, cells in told.items()
        if (found := {it for it in cells if it in known or FACT.fullmatch(it)} - own)
    }

    assert wrong == {}
    assert min(map(len, told.values())) > 20
    assert "Parte reservada" in told["fairness/internal/fairness.ipynb"]


def test_every_heading_and_word_has_words_in_spanish():
    with speaking("es_MX"):
        headings = in_words(pd.DataFrame(columns=list(HEADINGS))).columns
        told = [word_of(word) for word in WORDS]

    assert not set(headings) & (set(HEADINGS) - ALIKE)
    assert not set(told) & (set(WORDS) - ALIKE)


def test_every_column_of_a_canonical_table_has_words_for_whoever_shows_it():
    columns = sorted({name for it in CONTRACTS.values() for name in it.columns} - ALIKE)
    with speaking("es_MX"):
        shown = in_words(pd.DataFrame(columns=columns)).columns
        rate = in_words(pd.DataFrame({"rate": [1.5]})).columns
        chosen_by = word_of("rate")

    assert [it for it, told in zip(columns, shown, strict=True) if it == told] == []
    assert list(rate) == ["Tasa"]
    assert chosen_by == "la tasa registrada más alta del último año"


def test_every_word_that_a_shown_table_may_hold_has_words():
    with speaking("es_MX"):
        silent = {
            word
            for name in SHOWN
            for column in CONTRACTS[name].columns.values()
            for check in column.checks
            if check.name == "isin"
            for word in map(str, check.statistics["allowed_values"])
            if word_of(word) == word and word not in ALIKE
        }

    assert silent == set()
    catalogue = {*get_args(Outcome), *get_args(Direction)}
    assert catalogue <= keys()


#: What the notebooks show of the canonical tables.
SHOWN = (
    *("account", "changes", "findings", "revisions", "heaps", "residents", "register_changes"),
    *("series_alarms", "forecast", "evaluation", "fairness", "fairness_if", "allocation_if"),
    *("feedback", "risk_change", "risk_ranks", "risk_clusters", "factors", "concentration"),
    *("persistence", "exposures", "hours", "near_repeats", "harm", "terrain", "needs"),
    *("network_agreement", "proposals", "action_gaps", "portfolio", "portfolio_floors"),
    *("portfolio_frontier", "portfolio_doubt", "entry_rules", "entry_candidates"),
    *("roll_out_power", "estimate_change", "factors_told", "coding_agreement", "subject_drift"),
)


def test_figures_keep_their_sense_and_what_is_missing_is_neither_zero_nor_empty():
    table = pd.DataFrame(
        {
            "group": ["theft", "total", None],
            "events": pd.array([0, 1234, None], dtype="Int64"),
            "p_value": [0.0451, 0.0, float("nan")],
            "chosen_by": ["count rate", "", "expected"],
            "alarm": [True, False, True],
        }
    )

    with speaking("en"):
        told = in_words(table)

    assert told.columns.tolist() == ["Group", "Events", "p value", "Chosen by", "Alert"]
    assert told.iloc[:, 0].tolist() == [vocabulary_word("theft"), vocabulary_word("total"), "—"]
    assert told.iloc[:, 1].tolist() == ["0", "1,234", "—"]
    assert told.iloc[:, 2].tolist() == ["0.045", "0.000", "—"]
    assert told.iloc[0, 3] == "most recorded crimes last year, highest recorded rate last year"
    assert told.iloc[:, 4].tolist() == ["yes", "no", "yes"]


def vocabulary_word(word):
    with speaking("en"):
        return vocabulary.label(word)
