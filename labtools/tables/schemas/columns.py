"""The kinds of column that canonical tables are made of, and the checks they carry."""

from __future__ import annotations

from collections.abc import Sequence

import pandera.pandas as pa

from labtools.tables import vocabulary as words
from labtools.tables.people import NOBODY

MONTH = pa.Check(lambda s: s.dt.day == 1, error="first day of a month")
JANUARY = pa.Check(lambda s: s.dt.day_of_year == 1, error="first day of a year")
NOT_NEGATIVE = pa.Check.ge(0)
SHARE = pa.Check.in_range(0, 1)


#: What a key may be: keys become names of files and parts of addresses.
KEY_FORM = r"^[0-9A-Za-z_-]{1,40}$"


def key(**options: bool) -> pa.Column:
    """Return a column that holds a key: it becomes the name of files and a part of addresses."""
    return pa.Column(str, pa.Check.str_matches(KEY_FORM), **options)


#: Keys that a program parts at the spaces.
KEYS_FORM = r"^[0-9A-Za-z_ -]*$"


def keys() -> pa.Column:
    """Return a column that holds keys with spaces between them, or none."""
    return pa.Column(str, pa.Check.str_matches(KEYS_FORM), coerce=True)


def word(allowed: Sequence[str], **options: bool) -> pa.Column:
    """Return a column that holds one of the allowed words."""
    return pa.Column(str, pa.Check.isin(list(allowed)), **options)


def date(*checks: pa.Check, nullable: bool = False) -> pa.Column:
    """Return a column that holds a day without time."""
    return pa.Column("datetime64[ns]", list(checks), nullable=nullable, coerce=True)


def count(*, nullable: bool = False) -> pa.Column:
    """Return a column that holds a whole number, never negative."""
    return pa.Column("Int64", NOT_NEGATIVE, nullable=nullable, coerce=True)


def figure(*checks: pa.Check) -> pa.Column:
    """Return a column that holds a real number, which may be missing."""
    return pa.Column(float, list(checks), nullable=True, coerce=True)


def written(*, nullable: bool = False) -> pa.Column:
    """Return a column that holds a text as a person wrote it."""
    return pa.Column(str, nullable=nullable, coerce=True)


def typed_in(*, nullable: bool = False) -> pa.Column:
    """Return a column of what a clerk typed about an event or an answer: it must name nobody.

    People are taken out of it before it is written (`labtools.privacy.redaction`).
    """
    return pa.Column(str, NOBODY, nullable=nullable, coerce=True, metadata={TYPED_IN: True})


#: Mark of such a column in its contract.
TYPED_IN = "typed_in"
GROUPS_SHOWN = (*words.GROUPS, words.TOTAL)
GROUPS_ALL = (*words.GROUPS, words.SENSITIVE, words.UNCLASSIFIED, words.NOT_A_CRIME)
