"""Recognise names of people by their parts: common given names and surnames of Mexico."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

_LISTS = Path(__file__).with_name("names_of_people.toml")
_WORD = re.compile(r"[^\W\d_]+\.?")
_BETWEEN = frozenset({"de", "del", "la", "las", "los", "i"})
_SAINTS = frozenset({"san", "santa", "santo"})
_PARTS = 2


@lru_cache(maxsize=65_536)
def folded(text: str) -> str:
    """Return text without accents or capitals: how clerks' spellings are compared."""
    apart = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


@dataclass(frozen=True, slots=True)
class NamesOfPeople:
    """Lists of words that names are made of, folded.

    Attributes
    ----------
    given, surnames : frozenset of str
    honoured : frozenset of str
        Full names that streets and schools bear.
    """

    given: frozenset[str]
    surnames: frozenset[str]
    honoured: frozenset[str]

    @staticmethod
    @cache
    def common() -> NamesOfPeople:
        """Return the lists that ship with the package."""
        lists = tomllib.loads(_LISTS.read_text(encoding="utf-8"))
        return NamesOfPeople(
            frozenset(lists["given"].split()),
            frozenset(map(folded, lists["surnames"].split())),
            frozenset(lists["honoured"]),
        )

    def in_text(self, text: str) -> Iterator[str]:
        """Yield each full name: given names and a surname, in either order.

        Written in capitals or with them, one surname is enough; in small letters it takes two,
        for many surnames are words.
        """
        for run in self._runs(text):
            plain = [folded(word).rstrip(".") for word in run]
            name = " ".join(run)
            if self._is_name(run, plain) and " ".join(plain) not in self.honoured:
                yield name

    def _runs(self, text: str) -> Iterator[list[str]]:
        """Yield the longest runs of words that could be parts of one name."""
        run: list[str] = []
        end, after_saint = -1, False
        for word in _WORD.finditer(text):
            plain = folded(word[0]).rstrip(".")
            gap = text[end : word.start()] if end >= 0 else ""
            part = plain in self.given or plain in self.surnames
            joins = bool(run) and gap.isspace() and not run[-1].endswith(".")
            if (part or plain in _BETWEEN) and joins:
                run.append(word[0])
            else:
                yield from _trimmed(run)
                run = [word[0]] if part and not after_saint else []
            after_saint = plain in _SAINTS
            end = word.end()
        yield from _trimmed(run)

    def _is_name(self, run: list[str], plain: list[str]) -> bool:
        parts = [(w, p) for w, p in zip(run, plain, strict=True) if p not in _BETWEEN]
        if len(parts) < _PARTS:
            return False
        words = [p for _, p in parts]
        written = all(w[:1].isupper() for w, _ in parts)
        first = sum(1 for _ in _leading(words, self.given))
        rest = words[first:] if first < len(words) else words[1:]
        last = sum(1 for _ in _leading(words[::-1], self.given))
        surnames = sum(w in self.surnames for w in rest)
        forwards = first >= 1 and surnames >= (1 if written else _PARTS)
        leading = sum(1 for _ in _leading(words, self.surnames))
        backwards = last >= 1 and leading >= _PARTS and len(words) > leading
        return bool(forwards or backwards)


def _leading(words: list[str], known: frozenset[str]) -> Iterator[str]:
    for word in words:
        if word not in known:
            return
        yield word


def _trimmed(run: list[str]) -> Iterator[list[str]]:
    while run and folded(run[-1]) in _BETWEEN:
        run = run[:-1]
    if len(run) >= _PARTS:
        yield run
