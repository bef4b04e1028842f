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

_SHOWN = 2
_RING = re.compile(r"\[\s*(?:\[\s*-?\d+(?:\.\d+)?\s*,\s*-?\d+(?:\.\d+)?\s*\]\s*,?\s*){4,}\]")
#: A figure alone in its line, too short to be a telephone: most lines of a spreadsheet.
_FIGURE = re.compile(r"\s*-?\d{1,7}(?:\.\d{1,20}(?:e-\d{1,3})?)?\s*")
_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_STATES = (
    "AS|BC|BS|CC|CS|CH|CL|CM|DF|CX|DG|GT|GR|HG|JC|MC|MN|MS|NT|NL|OC|PL|QT|QR|SP|SL|SR|TC|TS|TL|"
    "VZ|YN|ZS|NE"
)
_NUMBER_MARK = r"(?:#|n[oº°]\.?|n[uú]m(?:ero)?\.?|ext(?:erior)?\.?|int(?:erior)?\.?)"

#: Kind → its form.  Digits that go on before or after are another number.
_FORMS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "curp": re.compile(
            rf"(?<![A-Z0-9])[A-Z][AEIOUX][A-Z]{{2}}\d{{2}}{_MONTH_DAY}[HMX](?:{_STATES})"
            r"[B-DF-HJ-NP-TV-Z]{3}[A-Z\d]\d(?![A-Z0-9])",
            re.IGNORECASE,
        ),
        "rfc": re.compile(
            rf"(?<![A-Z0-9])[A-ZÑ&]{{4}}[ -]?\d{{2}}{_MONTH_DAY}[ -]?[A-Z\d]{{2}}[A\d](?![A-Z0-9])",
            re.IGNORECASE,
        ),
        "phone": re.compile(
            r"(?<![\w.,#+&-])(?:(?:\+52[ .-]?|52[ -]?)(?:1[ .-]?)?)?"
            r"(?:\([2-9]\d{1,2}\)[ .-]?\d{3,4}[ .-]?\d{4}"
            r"|[2-9]\d[ .-]\d{4}[ .-]\d{4}|[2-9]\d{2}[ .-]\d{3}[ .-]\d{4}"
            r"|[2-9]\d{2}[ .-]\d{3}[ .-]\d{2}[ .-]\d{2}|[2-9]\d{9})(?![\w-]|[.,]\d)"
        ),
        "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?![\w@])"),
        "plate": re.compile(
            r"(?<![\w-])(?:[A-Z]{3}[ -]?\d{3}[ -]?[A-Z]|[A-Z]{3}-\d{2}-?\d{2}"
            r"|[A-Z]{2}-\d{2}-?\d{3}|[A-Z]\d{2}-[A-Z]{3}|[A-Z]-\d{3}-[A-Z]{3}"
            r"|[A-Z]{2}-\d{4}-[A-Z]|\d{3}-[A-Z]{3}|\d{2}-[A-Z]{2}-\d{2})(?![\w-])"
        ),
        "plate_said": re.compile(
            r"\bplacas?(?:\s+(?:de\s+circulaci[oó]n|n[uú]mero|no\.?|con|la|del?|es|son))*[\s:]+"
            r"(?=[A-Z0-9 -]*\d)(?=[A-Z0-9 -]*[A-Z])[A-Z0-9][A-Z0-9 -]{4,8}[A-Z0-9]\b",
            re.IGNORECASE,
        ),
        "address": re.compile(
            r"\b(?i:calle|avenida|calzada|boulevard|bulevar|av\.|ave\.|blvd\.?|calz\.|c\.|prol\.|"
            r"prolongaci[oó]n|callej[oó]n|andador|privada|cerrada|circuito|carretera)\s+"
            rf"(?:[\w.]+\s+){{0,6}}?[\w.]+,?\s*(?i:{_NUMBER_MARK})\s*\d{{1,5}}\b"
            r"|\b(?:[Cc]alle|CALLE|[Aa]venida|AVENIDA|[Cc]alzada|CALZADA|[Bb]oulevard|BOULEVARD|"
            r"[Aa]v\.|AV\.|[Bb]lvd\.|BLVD\.|[Cc]allej[oó]n|[Aa]ndador|[Pp]rivada)\s+"
            r"(?:(?:de|del|la|las|los|el|y|\d{1,2} de)\s+)*[A-ZÁÉÍÓÚÑ][\wáéíóúñü]*"
            r"(?:\s+(?:(?:de|del|la|las|los|el|y)\s+)*[A-ZÁÉÍÓÚÑ][\wáéíóúñü]*){0,4},?\s+\d{1,5}"
            r"(?:\s*-?[A-Z])?\b(?!\s*(?:de|%|casos|incidentes|eventos))"
        ),
        "point": re.compile(
            r"(?<![\d.])-(?:8[6-9]|9\d|10\d|11[0-8])\.\d{4,}[\"'\]]?\s*[,; \t|/]\s*"
            r"(?:\"?\w+\"?\s*[:=]\s*)?[\"'\[]?(?:1[4-9]|2\d|3[0-2])\.\d{4,}"
            r"|(?<![\d.])(?:1[4-9]|2\d|3[0-2])\.\d{4,}[\"'\]]?\s*[,; \t|/]\s*"
            r"(?:\"?\w+\"?\s*[:=]\s*)?[\"'\[]?-(?:8[6-9]|9\d|10\d|11[0-8])\.\d{4,}"
            r"|\b\d{1,3}°\s*\d{1,2}['’′]\s*\d{1,2}(?:\.\d+)?[\"”″]?\s*[NSOWE]\b"
            r"|\b(?i:lat|latitude?|latitud|lon|lng|longitude?)\b[\"']?\s*[:=]\s*[\"']?-?\d{1,3}\.\d{4,}"
            r"|\bPOINT\s*\("
        ),
    }
)
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
        for kind, form in _FORMS.items():
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
