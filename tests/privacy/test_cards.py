import pandas as pd
import pytest

from labtools.errors import PrivacyError, SettingsError
from labtools.privacy.cards import (
    cards_table,
    check_carded,
    expiry_of_sections,
    read_cards,
)
from labtools.privacy.registry import read_registry
from labtools.tables.contracts import check_table

END = pd.Timestamp("2026-01-01")


def test_every_released_table_that_tells_of_people_has_its_card():
    telling = read_registry().telling_of_people()

    check_carded(telling, read_cards())

    assert "crime" in telling
    assert "sources" not in telling


def test_a_table_without_a_card_is_refused_and_named():
    with pytest.raises(PrivacyError, match=r"The table hunches has no card .* \(1 tables"):
        check_carded({"crime", "hunches"}, read_cards())


def test_a_figure_holds_for_the_months_of_its_card_after_the_period():
    cards = cards_table(read_cards(), END)

    checked = check_table("cards", cards)

    by_card = checked.set_index("card")["expires_on"]
    assert by_card["recorded_crime"] == pd.Timestamp("2027-01-01")
    assert expiry_of_sections(checked)["series"] == "2027-01-01"


def test_every_card_says_what_its_figure_is_not_for_in_both_languages():
    for card in read_cards():
        assert "no " in card.es.not_for.lower()
        assert "not" in card.en.not_for.lower()


def test_a_workbench_keeps_its_own_cards(tmp_path):
    own = tmp_path / "cards.toml"
    said = 'title = "t"\npurpose = "p"\nnot_for = "n"\nerror = "e"\n'
    own.write_text(
        '[[card]]\nkey = "mine"\ntables = ["crime"]\nsections = []\nmonths_valid = 6\n'
        f"[card.es]\n{said}[card.en]\n{said}",
        encoding="utf-8",
    )

    (card,) = read_cards(own)

    assert (card.key, card.months_valid) == ("mine", 6)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[[card]\n", "cannot be read as TOML"),
        (
            '[[card]]\nkey = "mine"\n',
            "5 entries are not valid; the first is card.0.tables: it is missing",
        ),
        ("[[card]]\nmonths_valid = 0\n", "6 entries are not valid; the first is card.0.key"),
    ],
)
def test_a_card_that_says_too_little_is_refused_with_its_entry(tmp_path, written, told):
    own = tmp_path / "cards.toml"
    own.write_text(written, encoding="utf-8")

    with pytest.raises(SettingsError, match=told):
        read_cards(own)


def test_of_several_tables_without_a_card_the_first_by_name_is_told_and_all_are_counted():
    with pytest.raises(PrivacyError, match=r"The table guesses has no card .* \(3 tables"):
        check_carded(["hunches", "crime", "rumours", "guesses"], read_cards())
