"""What people read: sentences in their language, numbers and dates in their form.

Code holds the English sentence; ``locale/<language>/LC_MESSAGES/labtools.po`` holds
its translation.  Spanish (es_MX) is what people get unless they ask for English.
"""

from __future__ import annotations

import gettext
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

LOCALE_DIR = Path(__file__).parent / "locale"
LANGUAGES = ("es_MX", "en")
DEFAULT_LANGUAGE = "es_MX"

_VARIABLES = ("LABTOOLS_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_language: ContextVar[str] = ContextVar("labtools_language", default="")


class Plural(NamedTuple):
    """A sentence with two forms, chosen by the fact ``n``."""

    one: str
    other: str


Sentence = str | Plural


def plural(one: str, other: str) -> Plural:
    """Mark a sentence that counts something; the fact ``n`` chooses its form."""
    return Plural(one, other)


def mark(sentence: str) -> str:
    """Mark a sentence for translation later, by :func:`say`."""
    return sentence


def text(sentence: str, /, **facts: object) -> str:
    """Return `sentence` in the reader's language, filled in with `facts`."""
    return say(sentence, **facts)


def say(sentence: Sentence, /, **facts: object) -> str:
    """Return a sentence that was marked elsewhere, translated and filled in.

    Use :func:`text` for a literal sentence, so that the catalogue finds it.
    """
    catalogue = _catalogue(language())
    if isinstance(sentence, Plural):
        found = catalogue.ngettext(sentence.one, sentence.other, _count(facts))
    else:
        found = catalogue.gettext(sentence) if sentence else ""
    return found.format_map(_spoken(facts)) if facts else found


def language() -> str:
    """Return the language in force: the one asked for, the environment's, or es_MX."""
    return _language.get() or _wanted(*map(os.environ.get, _VARIABLES))


@cache
def _wanted(*values: str | None) -> str:
    told = {name: value for name, value in zip(_VARIABLES, values, strict=True) if value}
    return from_environment(told)


def from_environment(environment: Mapping[str, str]) -> str:
    """Return the language that environment variables ask for, es_MX where they say nothing.

    ``LABTOOLS_LANG`` comes first, then the usual ``LC_ALL``, ``LC_MESSAGES``, ``LANG``.
    """
    for name in _VARIABLES:
        wanted = environment.get(name, "").split(".")[0].lower()
        if wanted.startswith("en"):
            return "en"
        if wanted and wanted not in {"c", "posix"}:
            return DEFAULT_LANGUAGE
    return DEFAULT_LANGUAGE


@contextmanager
def speaking(wanted: str) -> Iterator[None]:
    """Speak `wanted` (one of `LANGUAGES`) inside the block."""
    token = _language.set(wanted)
    try:
        yield
    finally:
        _language.reset(token)


def number(value: float, digits: int = 0) -> str:
    """Return a number as the reader writes it, with exactly `digits` decimals."""
    if _groups_with_commas(language()) and math.isfinite(value):
        # A ficha holds hundreds of numbers; Babel needs ten times as long for the same text.
        return f"{Decimal(str(value)):,.{digits}f}"
    from babel.numbers import format_decimal  # noqa: PLC0415 - Babel is not needed for --help

    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(value, pattern, locale=language()))


def percent(share: float, digits: int = 0) -> str:
    """Return a share (0.128) as a percentage ("12.8 %")."""
    return f"{number(share * 100, digits)} %"


def day(value: date) -> str:
    """Return a date in words: "31 de diciembre de 2025"."""
    return _day(value, language())


def month(value: date) -> str:
    """Return a month in words: "diciembre de 2025"."""
    return _month(value, language())


def listed(items: tuple[object, ...] | list[object]) -> str:
    """Return "a, b y c"."""
    from babel.lists import format_list  # noqa: PLC0415 - as above

    return str(format_list([str(item) for item in items], locale=language()))


@cache
def _groups_with_commas(wanted: str) -> bool:
    """Return whether a language writes 1,234.5, as Python does."""
    from babel.numbers import (  # noqa: PLC0415 - as above
        get_decimal_symbol,
        get_group_symbol,
    )

    return (get_group_symbol(wanted), get_decimal_symbol(wanted)) == (",", ".")


@lru_cache(maxsize=4096)
def _day(value: date, wanted: str) -> str:
    from babel.dates import format_date  # noqa: PLC0415 - as above

    return str(format_date(value, "long", locale=wanted))


@lru_cache(maxsize=4096)
def _month(value: date, wanted: str) -> str:
    from babel.dates import format_skeleton  # noqa: PLC0415 - as above

    return str(format_skeleton("yMMMM", value, locale=wanted))


@cache
def _catalogue(wanted: str) -> gettext.NullTranslations:
    return gettext.translation("labtools", LOCALE_DIR, [wanted], fallback=True)


def _count(facts: Mapping[str, object]) -> int:
    n = facts["n"]
    return n if isinstance(n, int) else int(str(n))


def _spoken(facts: Mapping[str, object]) -> dict[str, object]:
    return {
        name: listed(fact) if isinstance(fact, tuple) else _grouped(fact)
        for name, fact in facts.items()
    }


def _grouped(fact: object) -> object:
    is_count = isinstance(fact, int) and not isinstance(fact, bool)
    return f"{fact:,}" if is_count else fact
