"""Find people in text: names, CURP, RFC, telephones, plates, e-mail, addresses, exact points.

When to use it: on every byte before it is published.  When not: as the only protection.  It
knows forms and common names; a nickname, or a place described in words, it cannot know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from labtools.messages import mark, say
from labtools.privacy.person_names import NamesOfPeople, folded
from labtools.privacy.readable import lines_of
from labtools.tables.people import FORMS

_SHOWN = 2
_RING = re.compile(r"\[\s*(?:\[\s*-?\d+(?:\.\d+)?\s*,\s*-?\d+(?:\.\d+)?\s*\]\s*,?\s*){4,}\]")
#: A figure alone in its line, too short to be a telephone: most lines of a spreadsheet.
_FIGURE = re.compile(r"\s*-?\d{1,7}(?:\.\d{1,20}(?:e-\d{1,3})?)?\s*")
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "curp": mark("CURP key"),
        "rfc": mark("RFC tax key"),
        "phone": mark("telephone number"),
        "email": mark("e-mail address"),
        "plate": mark("number plate"),
        "address": mark("home address"),
        "point": mark("exact point"),
        "name": mark("full name"),
    }
)
KINDS = tuple(_WORDS)


@dataclass(frozen=True, slots=True)
class PersonFound:
    """Something in a file that points to a person.

    Attributes
    ----------
    file : str
    line : int
        Of the text read from the file, from 1.
    kind : str
        One of `KINDS`.
    sign : str
        Its first characters, and how many more: the finding itself must tell nobody.
    """

    file: str
    line: int
    kind: str
    sign: str

    @property
    def what(self) -> str:
        """What was found, in the reader's language."""
        return say(_WORDS[self.kind])


class PeopleFinder:
    """Search text for people.

    Parameters
    ----------
    public : iterable of str
        Phrases that may be shown although they look like people: names of colonias and
        boroughs, of the lab and its municipality, its own contact.
    """

    def __init__(self, public: Iterable[str] = ()) -> None:
        self._public = "\n".join(" ".join(folded(phrase).split()) for phrase in public)
        self._names = NamesOfPeople.common()

    def in_text(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield each kind found in a line, and the words."""
        bare = _RING.sub("[]", text) if "[[" in text or "[ [" in text else text
        for kind, form in FORMS.items():
            for found in form.finditer(bare):
                if not self._is_public(found[0]):
                    yield kind.removesuffix("_said"), found[0]
        for name in self._names.in_text(bare):
            if not self._is_public(name):
                yield "name", name

    def in_files(self, files: Iterable[tuple[str, bytes]]) -> list[PersonFound]:
        """Return what was found in files (name and content), each line of text read once."""
        seen: set[str] = set()
        found = []
        for name, content in files:
            lines = lines_of(name, content)
            for line in dict.fromkeys(lines):
                if line in seen or _FIGURE.fullmatch(line):
                    continue
                seen.add(line)
                found += [
                    PersonFound(name, lines.index(line) + 1, kind, _masked(words))
                    for kind, words in self.in_text(line)
                ]
        return found

    def _is_public(self, words: str) -> bool:
        plain = " ".join(folded(words).split()).strip(" .,;:")
        return re.search(rf"(?<!\w){re.escape(plain)}(?!\w)", self._public) is not None


def _masked(words: str) -> str:
    return f"{words[:_SHOWN]}… ({len(words)})"
