"""How hard a Spanish text is to read: the INFLESZ scale, from syllables, words and sentences.

Use it on what is written for everyone.  It knows nothing of meaning, and says nothing of English:
short words in short sentences may still be nonsense.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from labtools.errors import AnalysisError

#: Below it, a text is "algo difícil" on the INFLESZ scale (Barrio-Cantalejo et al. 2008); what the
#: lab writes for neighbours stays above, that is "normal" (a newspaper for everyone) or easier.
EASY_ENOUGH = 55.0

_SENTENCE = re.compile(r"[.!?:;]+(?=\s|$)")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_NUCLEUS = re.compile(r"[aeouáéíóúü]|[iy]", re.IGNORECASE)
_STRONG, _WEAK, _STRESSED = frozenset("aeoáéó"), frozenset("iuüy"), frozenset("íú")
_SILENT_U = re.compile(r"(?<=[qg])u(?=[eiéí])")


@dataclass(frozen=True, slots=True)
class ReadingLevel:
    """How hard a text is.

    Attributes
    ----------
    sentences, words, syllables : int
        Counted in it.
    """

    sentences: int
    words: int
    syllables: int

    @property
    def inflesz(self) -> float:
        """Szigriszt-Pazos' perspicuity, from about 0 (hardest) to 100 (easiest).

        Szigriszt Pazos (1993), *Sistemas predictivos de legilibilidad del mensaje escrito*; grades
        of the INFLESZ scale: Barrio-Cantalejo et al. (2008), An. Sist. Sanit. Navar. 31(2).
        """
        return 206.835 - 62.3 * self.syllables / self.words - self.words / self.sentences

    @property
    def fernandez_huerta(self) -> float:
        """Fernández Huerta's ease of reading (1959), as corrected by Law: words by sentence."""
        return 206.84 - 60.0 * self.syllables / self.words - 1.02 * self.words / self.sentences


def reading_level(texts: Iterable[str]) -> ReadingLevel:
    """Return how hard Spanish texts are, all together.

    Numbers are not counted: their words depend on who reads them.

    Raises
    ------
    AnalysisError
        If there is no word in them.
    """
    sentences = words = syllables = 0
    for text in texts:
        for part in _SENTENCE.split(text):
            found = _WORD.findall(part)
            sentences += bool(found)
            words += len(found)
            syllables += sum(map(syllables_of, found))
    if not words:
        raise AnalysisError(
            "There is no word in the text, so it has no level of reading. Give the sentences of a "
            "ficha."
        )
    return ReadingLevel(sentences, words, syllables)


def syllables_of(word: str) -> int:
    """Return the syllables of a Spanish word, by its vowels: diphthongs are one, hiatus two."""
    plain = _SILENT_U.sub("", unicodedata.normalize("NFC", word.lower()))
    count, before = 0, ""
    for place, letter in enumerate(plain):
        if letter == "y" and place + 1 < len(plain) and plain[place + 1] in _STRONG | _STRESSED:
            before = ""  # a consonant: "mayo"
            continue
        if letter not in _STRONG | _WEAK | _STRESSED:
            before = "" if letter != "h" else before
            continue
        joined = before and not (
            letter in _STRESSED or before in _STRESSED or (letter in _STRONG and before in _STRONG)
        )
        count += not joined
        before = letter
    return max(count, 1)
