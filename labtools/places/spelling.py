"""How names of colonias are written, and what of a written name is compared.

Case, accents, punctuation, abbreviations and letters torn by a wrong encoding are folded
away.  What tells one colonia from its sister stays: numbers, sections, points of the compass.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from types import MappingProxyType

_ABBREVIATIONS = MappingProxyType(
    {
        "frac": "fraccionamiento",
        "fracc": "fraccionamiento",
        "fto": "fraccionamiento",
        "fraccto": "fraccionamiento",
        "col": "colonia",
        "amp": "ampliacion",
        "ampl": "ampliacion",
        "bo": "barrio",
        "barr": "barrio",
        "ej": "ejido",
        "pblo": "pueblo",
        "res": "residencial",
        "resid": "residencial",
        "cond": "condominio",
        "conj": "conjunto",
        "uh": "unidad habitacional",
        "u": "unidad",
        "hab": "habitacional",
        "secc": "seccion",
        "sec": "seccion",
        "jard": "jardines",
        "hda": "hacienda",
        "rcho": "rancho",
        "sta": "santa",
        "sto": "santo",
        "sn": "san",
        "s": "san",
        "sr": "senor",
        "sra": "senora",
        "gral": "general",
        "ing": "ingeniero",
        "lic": "licenciado",
        "dr": "doctor",
        "prof": "profesor",
        "profr": "profesor",
        "pdte": "presidente",
        "nte": "norte",
        "ote": "oriente",
        "pte": "poniente",
        "1a": "primera",
        "1ra": "primera",
        "1era": "primera",
        "2a": "segunda",
        "2da": "segunda",
        "3a": "tercera",
        "3ra": "tercera",
        "4a": "cuarta",
        "4ta": "cuarta",
        "5a": "quinta",
        "5ta": "quinta",
    }
)
#: Said of any place; many people leave it out.
_NOTHING = frozenset({"colonia"})
#: What kind of place it is: two names whose kinds differ are two places.
_KINDS = frozenset(
    (
        *("fraccionamiento", "barrio", "ejido", "pueblo", "residencial", "condominio"),
        *("conjunto", "unidad", "habitacional", "ampliacion", "seccion"),
    )
)
_ORDINALS = MappingProxyType(
    {"primera": "1", "segunda": "2", "tercera": "3", "cuarta": "4", "quinta": "5", "sexta": "6"}
)
_ROMAN = MappingProxyType(
    {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11"}
    | {"i": "1", "v": "5", "x": "10", "xii": "12"}
)
#: Words by which the parts of one development are told apart.
_MARKS = frozenset(
    (
        *("norte", "sur", "oriente", "poniente", "este", "oeste", "centro", "alta", "alto"),
        *("baja", "bajo", "nueva", "nuevo", "vieja", "viejo", "antigua", "antiguo"),
        *("chica", "chico", "grande"),
    )
)
_TORN = re.compile(r"[ÃÂ][\u0080-\u00ff‘’“”•–—˜™š›œžŸ€‚ƒ„…†‡ˆ‰Š‹Œ]")
_LINKS = frozenset({"de", "del", "la", "las", "los", "el", "y", "e"})
_JOINTS = frozenset({"de", "del", "y", "e"})


@dataclass(frozen=True, slots=True)
class Spelling:
    """A name taken apart.

    Attributes
    ----------
    core : str
        What is left after the two below: compared letter by letter.
    marks : tuple of str
        Numbers, single letters and points of the compass, in order; they must agree exactly.
    kinds : frozenset of str
        Kinds of place that it says.
    """

    core: str
    marks: tuple[str, ...]
    kinds: frozenset[str]

    @property
    def bare(self) -> str:
        """The core without the small words that link others; an article before it stays."""
        first, _, rest = self.core.partition(" ")
        return " ".join([first, *(word for word in rest.split() if word not in _LINKS)])

    @property
    def is_whole(self) -> bool:
        """Whether it neither begins nor ends as a name does that lost a word."""
        words = self.core.split()
        return bool(words) and words[0] not in _JOINTS and words[-1] not in _LINKS


def fold_name(name: str) -> str:
    """Return a name as compared: "1ra. Secc. Sta. Lucía" → "primera seccion santa lucia"."""
    joined = re.sub(r"\bu\.?\s*h\.?\b(?=\W|$)", " uh ", _whole(name), flags=re.IGNORECASE)
    split = unicodedata.normalize("NFKD", joined)
    plain = "".join(c for c in split if not unicodedata.combining(c))
    apart = re.sub(r"(?<=[a-z]{3})(?=\d)", " ", plain.casefold())  # "jose4a" is two words
    words = re.findall(r"[a-z0-9]+", apart)
    full = " ".join(_ABBREVIATIONS.get(word, word) for word in words)
    return " ".join(word for word in full.split() if word not in _NOTHING)


def take_apart(folded: str) -> Spelling:
    """Return a folded name as core, marks and kinds."""
    core: list[str] = []
    marks: list[str] = []
    kinds: set[str] = set()
    for at, word in enumerate(folded.split()):
        if word in _KINDS:
            kinds.add(word)
        elif kinds and not core and word in _JOINTS:
            continue  # "barrio de san juan" is "bo. san juan"
        else:
            number = _number(word, first=at == 0)
            if number or word in _MARKS or len(word) == 1:
                marks.append(number or word)
            else:
                core.append(word)
    return Spelling(" ".join(core), tuple(marks), frozenset(kinds))


def sound_of(text: str) -> str:
    """Return how a folded text sounds in Mexico: b and v, s, c and z, ll and y are one."""
    heard = re.sub(r"c(?=[ei])", "s", text)
    heard = heard.replace("qu", "k").replace("ll", "y").replace("h", "")
    heard = heard.translate(str.maketrans("vzcq", "bskk"))
    heard = re.sub(r"g(?=[ei])", "j", heard).replace("x", "j")
    return re.sub(r"(.)\1", r"\1", heard)


def _number(word: str, *, first: bool) -> str:
    if word.isdigit():
        return word.lstrip("0") or "0"
    if word in _ORDINALS:
        return _ORDINALS[word]
    return "" if first else _ROMAN.get(word, "")


def _whole(name: str) -> str:
    """Mend letters torn by reading UTF-8 as Windows does ("PeÃ±uelas")."""
    for _ in range(2):
        if not _TORN.search(name):
            break
        for encoding in ("cp1252", "latin-1"):
            try:
                name = name.encode(encoding).decode("utf-8")
            except (UnicodeEncodeError, UnicodeDecodeError):
                continue
            break
    return name
