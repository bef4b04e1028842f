"""Take people out of free text where it enters: names, keys, telephones, plates, addresses.

When to use it: on what clerks typed (subjects, narratives, places) before it leaves the raw
files.  When not: as the only protection.  It knows forms, common names, and names that are
announced ("víctima: …") or stand beside a telephone; a nickname, or a home described in words,
it cannot know.  The published bytes are searched again, and free text is never published.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd
from rapidfuzz import fuzz, process

from labtools.privacy.person_names import folded
from labtools.privacy.pii import PeopleFinder

_DIGITS = 8
_ROUNDS = 3
#: Texts whose answer is remembered: some tens of megabytes.
_TEXTS_HELD = 200_000
#: A name as like a colonia's as this (of 100) is taken for the colonia's, misspelt.
_LIKE_A_PLACE = 80.0
_WORD = r"[A-ZÁÉÍÓÚÑÜ][\wáéíóúñü'-]+"
_LINK = r"(?:(?:de|del|la|las|los|y)\s+){0,3}"
#: Words after which a name is announced, common or not.
_ANNOUNCED = re.compile(
    r"\b(?i:v[ií]ctimas?|denunciantes?|quejos[oa]s?|ofendid[oa]s?|afectad[oa]s?|agraviad[oa]s?|"
    r"imputad[oa]s?|detenid[oa]s?|testigos?|a\s+nombre\s+de|de\s+nombre|al\s+nombre\s+de|"
    r"llamad[oa]s?|lic\.|ing\.|dra?\.|sra?\.|profra?\.|c\.|se[ñn]ora?)\s*:?\s+(?:(?i:el|la|c\.)\s+)?"
    rf"({_WORD}(?:\s+{_LINK}{_WORD}){{1,4}})"
)
#: Words with capitals beside a key, a telephone or an address of somebody: whose it is.
_BESIDE = re.compile(rf"{_WORD}(?:\s+{_LINK}{_WORD}){{1,4}}")
_SOMEBODYS = frozenset({"curp", "rfc", "phone", "email"})
#: What stands for each kind in the text that is kept.
_STANDS_FOR: Mapping[str, str] = {
    "name": "NOMBRE",
    "curp": "CLAVE",
    "rfc": "CLAVE",
    "phone": "TELÉFONO",
    "email": "CORREO",
    "plate": "MATRÍCULA",
    "address": "DOMICILIO",
    "point": "PUNTO",
}


@dataclass(frozen=True, slots=True)
class Redacted:
    """Texts without people, and how many of them were taken out.

    Attributes
    ----------
    texts : pandas.Series
        Aligned with those given; missing stays missing.
    found : mapping of str to int
        Kind (see `labtools.privacy.pii.KINDS`) → texts in which one or more was replaced.
    """

    texts: pd.Series
    found: Mapping[str, int]


class Redactor:
    """Replace what points to people by its kind and a keyed pseudonym.

    The same person, telephone or plate has the same pseudonym in every file of a workbench, so
    that repeats can be told; nobody can go back without the key, nor by trying names.

    Parameters
    ----------
    public : iterable of str
        Names of colonias and boroughs: many are those of persons, and stay, slips included.
    key : bytes
        Of the workbench's pseudonyms.
    """

    def __init__(self, public: Iterable[str], *, key: bytes) -> None:
        names = list(public)
        self._finder = PeopleFinder(names)
        self._places = sorted({folded(name) for name in names})
        self._key = key
        self._read: dict[str, tuple[str, frozenset[str]]] = {}

    def apply(self, texts: pd.Series) -> Redacted:
        """Return texts without people; each different text is read once."""
        unique = texts.dropna().unique()
        made = {text: self._known(str(text)) for text in unique}
        times = texts.value_counts()
        found: Counter[str] = Counter()
        for text, (_, kinds) in made.items():
            found.update(dict.fromkeys(kinds, int(times[text])))
        changed = {text: clean for text, (clean, kinds) in made.items() if kinds}
        clean = texts.replace(changed) if changed else texts
        return Redacted(clean, dict(sorted(found.items())))

    def _known(self, text: str) -> tuple[str, frozenset[str]]:
        """Return what `in_text` does, which the slices of a file ask of the same texts again."""
        if len(self._read) >= _TEXTS_HELD:
            self._read.clear()
        if text not in self._read:
            self._read[text] = self.in_text(text)
        return self._read[text]

    def in_text(self, text: str) -> tuple[str, frozenset[str]]:
        """Return a text without people, and the kinds that were in it."""
        kinds: set[str] = set()
        for _ in range(_ROUNDS):
            seen = self._people(text)
            if not seen:
                return text, frozenset(kinds)
            for kind, words in sorted(seen, key=lambda pair: -len(pair[1])):
                if words in text:
                    text = text.replace(words, self._mark(kind, words))
                    kinds.add(kind)
        # What is still found after so many rounds is not worth the risk of keeping its words.
        left = self._people(text)
        return (
            (self._mark("name", text), frozenset(kinds | {"name"}))
            if left
            else (text, frozenset(kinds))
        )

    def _people(self, text: str) -> list[tuple[str, str]]:
        seen = [
            (kind, words)
            for kind, words in self._finder.in_text(text)
            if kind != "name" or not self._is_like_a_place(words)
        ]
        named = [found[1] for found in _ANNOUNCED.finditer(text)]
        if not text.isupper() and any(kind in _SOMEBODYS for kind, _ in seen):
            named += [found[0] for found in _BESIDE.finditer(text)]
        return seen + [("name", name) for name in named if not self._is_like_a_place(name)]

    def _is_like_a_place(self, words: str) -> bool:
        likest = process.extractOne(
            folded(words), self._places, scorer=fuzz.ratio, score_cutoff=_LIKE_A_PLACE
        )
        return likest is not None

    def _mark(self, kind: str, words: str) -> str:
        plain = " ".join(re.sub(r"[^\w]+", " ", folded(words)).split())
        digest = hmac.digest(self._key, f"person\x1f{kind}\x1f{plain}".encode(), hashlib.sha256)
        return f"[{_STANDS_FOR[kind]} {digest.hex()[:_DIGITS]}]"
