"""Cards of what is published: what a figure is for, what it is not for, and until when it holds.

Every released table that tells of people has one.  A page hides a figure whose card is past
its date: an old figure describes a place that is no longer there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from labtools.errors import PrivacyError
from labtools.forms import Part, Slug
from labtools.messages import mark
from labtools.reference import read_reference


class Words(Part):
    """What a card says in one language.

    Attributes
    ----------
    title, purpose, not_for, error : str
        Of what; what for; what it must not be used for; how wrong it may be.
    """

    title: Annotated[str, Field(min_length=1)]
    purpose: Annotated[str, Field(min_length=1)]
    not_for: Annotated[str, Field(min_length=1)]
    error: Annotated[str, Field(min_length=1)]


class Card(Part):
    """One kind of figure.

    Attributes
    ----------
    key : str
    tables : tuple of str
        Released tables that it speaks of.
    sections : tuple of str
        Parts of a ficha that show them.
    months_valid : int
        Months after the end of the period during which it holds.
    es, en : Words
    """

    key: Slug
    tables: tuple[Slug, ...]
    sections: tuple[Slug, ...]
    months_valid: Annotated[int, Field(ge=1, le=120)]
    es: Words
    en: Words


class _Cards(Part):
    card: tuple[Card, ...]


#: What stands in place of figures past the day until which they held.
EXPIRED = mark(
    "These figures held until {day}. They are no longer shown: an old figure says nothing of the "
    "place today. Ask for the newest edition."
)


def read_cards(own: Path | None = None) -> tuple[Card, ...]:
    """Return the cards: a workbench's `own` file if there is one, else those of the package.

    Raises
    ------
    SettingsError
        If the file is not TOML or says something it may not say.
    """
    return read_reference("cards", _Cards, own).card


def check_carded(tables: Collection[str], cards: Sequence[Card]) -> None:
    """Refuse to release a table that no card speaks of.

    Raises
    ------
    PrivacyError
        If there is one: the first, and how many.
    """
    without = sorted(set(tables) - {table for card in cards for table in card.tables})
    if without:
        raise PrivacyError(
            "The table {table} has no card that says what it is for, what it is not for and until "
            "when it holds ({n} tables have none). Write it in data/reference/cards.toml.",
            table=without[0],
            n=len(without),
        )


def cards_table(cards: Sequence[Card], window_end: pd.Timestamp) -> pd.DataFrame:
    """Return the canonical table ``cards`` of an edition whose period ends before `window_end`."""
    return pd.DataFrame(
        [
            {
                "card": card.key,
                "tables": " ".join(card.tables),
                "sections": " ".join(card.sections),
                "expires_on": window_end + pd.DateOffset(months=card.months_valid),
                **{f"{name}_es": value for name, value in card.es.model_dump().items()},
                **{f"{name}_en": value for name, value in card.en.model_dump().items()},
            }
            for card in cards
        ]
    )


def expiry_of_tables(cards: pd.DataFrame) -> dict[str, str]:
    """Return the day from which each released table tells nothing any more, ``YYYY-MM-DD``."""
    return {
        table: f"{row['expires_on']:%Y-%m-%d}"
        for _, row in cards.iterrows()
        for table in row["tables"].split()
    }


def expiry_of_sections(cards: pd.DataFrame) -> dict[str, str]:
    """Return the day from which each section of a ficha is hidden, ``YYYY-MM-DD``."""
    return {
        section: f"{row['expires_on']:%Y-%m-%d}"
        for _, row in cards.iterrows()
        for section in row["sections"].split()
    }
