"""Names written with slips → the one colonia that they can mean, or none.

When to use it: after exact comparison found nothing.  When not: for names of people or streets,
or a register that lacks many colonias, for a name may then be likest to a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist, extractOne

from labtools.places.spelling import Spelling, sound_of, take_apart
from labtools.reference import read_reference

#: A name is taken for a colonia when so like it, and so much less like any other.
SCORE, MARGIN = 0.87, 0.08
#: Below, a colonia is not worth showing to the person who decides.
_WORTH_SHOWING = 0.6
_SHORTEST, _LONG = 5, 9
#: Whole names so little less like than the likest are as like.
_NEARLY = 0.02
_AT_ONCE = 1_000
#: What a difference costs that is no slip of letters.
_BY_SOUND, _WITHOUT_LINKS = 0.01, 0.02


class _Words(BaseModel):
    words: frozenset[str]


@cache
def words_of_names() -> frozenset[str]:
    """Return words of names that a slip turns into others (``words_of_names.toml``)."""
    return read_reference("words_of_names", _Words).words


@dataclass(frozen=True, slots=True)
class Likeness:
    """The likest colonia of each written name.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each name asked, in order: ``best`` and ``second`` (positions among the
        known names, -1 where none), ``score`` and ``runner_up`` (0 to 1) and ``accepted``.
    """

    table: pd.DataFrame


def likest(asked: Sequence[tuple[str, str]], known: Sequence[tuple[str, str, str]]) -> Likeness:
    """Compare written names with those of a register.

    Parameters
    ----------
    asked : sequence of (folded name, folded borough)
        The borough is "" where it says nothing; otherwise only colonias of it, or of no known
        borough, are compared.
    known : sequence of (folded name, folded borough, key)
        Names of one colonia (its aliases) are no rivals of each other.

    Returns
    -------
    Likeness
        The score is the share of letters that agree (restricted Damerau–Levenshtein distance,
        doi:10.1145/363958.363994), by letter or by sound.
    """
    parts = [_likest(asked[at : at + _AT_ONCE], known) for at in range(0, len(asked), _AT_ONCE)]
    columns = ["best", "second", "score", "runner_up", "accepted"]
    return Likeness(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns))


def _likest(
    asked: Sequence[tuple[str, str]], known: Sequence[tuple[str, str, str]]
) -> pd.DataFrame:
    theirs = [take_apart(name) for name, _ in asked]
    ours = [take_apart(name) for name, _, _ in known]
    letters = _letters(theirs, ours)
    boroughs = np.array([borough for _, borough, _ in known])
    wanted = np.array([borough for _, borough in asked])[:, None]
    reachable = (wanted == "") | (boroughs == "") | (boroughs == wanted)
    letters[~reachable] = 0.0
    score = np.where(_allowed(theirs, ours), letters, 0.0)
    rows = np.arange(len(asked))
    best = score.argmax(axis=1)
    keys = np.array([key for _, _, key in known])
    rivals = np.where(keys[None, :] == keys[best][:, None], 0.0, score)
    second = rivals.argmax(axis=1)
    top, next_ = score[rows, best], rivals[rows, second]
    whole = np.array([s.is_whole and len(s.core) >= _SHORTEST for s in theirs])
    sure = (top >= SCORE) & (top - next_ >= MARGIN) & whole
    sure &= _likest_as_written(asked, known, near=reachable)[rows, best]
    for row in np.flatnonzero(sure):
        mine, likest_ = theirs[row].core, ours[best[row]].core
        rivals_ = np.flatnonzero(reachable[row] & (keys != keys[best[row]]))
        sure[row] = (
            not _numbered(mine, likest_)
            and _word_by_word(mine, likest_)
            and not _may_be_cut(mine, {ours[at].core for at in rivals_})
        )
    nearest = letters.argmax(axis=1)
    shown = np.where(top >= _WORTH_SHOWING, best, nearest)
    near = letters[rows, shown]
    return pd.DataFrame(
        {
            "best": np.where(near >= _WORTH_SHOWING, shown, -1),
            "second": np.where(next_ >= _WORTH_SHOWING, second, -1),
            "score": near.round(3),
            "runner_up": next_.round(3),
            "accepted": sure,
        }
    )


def _likest_as_written(
    asked: Sequence[tuple[str, str]], known: Sequence[tuple[str, str, str]], *, near: np.ndarray
) -> np.ndarray:
    """Return which pairs are the likest, or nearly, when nothing is taken apart.

    A slip in a number ("1aa seccion") takes it out of the marks; then another section is
    likest by its core alone, and this says no.
    """
    whole = cdist(
        [name for name, _ in asked],
        [name for name, _, _ in known],
        scorer=OSA.normalized_similarity,
        dtype=np.float64,
    )
    whole[~near] = 0.0
    return np.asarray(whole >= whole.max(axis=1, keepdims=True) - _NEARLY)


def _numbered(one: str, other: str) -> bool:
    """Tell whether two names differ by a Roman number written on to the last word only."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and bool(re.fullmatch(r"[ivx]{1,4}", long[len(short) :]))


def _word_by_word(one: str, other: str) -> bool:
    """Tell whether no word is another word: a short one may have one slip, a long one two.

    What is written must be no word of other names: "las palomas" is not "las palmas" with a slip.
    """
    words = one.split(), other.split()
    if len(words[0]) != len(words[1]):
        return True  # words were joined, parted or left out
    pairs = list(zip(*words, strict=True))
    if any(mine != ours and mine in words_of_names() for mine, ours in pairs):
        return False
    return all(
        min(OSA.distance(*pair), OSA.distance(*map(sound_of, pair))) <= 1 + len(pair[1]) // _LONG
        for pair in pairs
    )


def _may_be_cut(name: str, others: set[str]) -> bool:
    """Tell whether a name is as like the beginning of a longer one, which it may be cut from."""
    beginnings = {other[: len(name)] for other in others if len(other) > len(name) + 1}
    near = extractOne(name, beginnings, scorer=OSA.normalized_similarity, score_cutoff=SCORE)
    return near is not None


def _letters(theirs: Sequence[Spelling], ours: Sequence[Spelling]) -> np.ndarray:
    """Return the likeness of every pair by its letters alone, shape (theirs, ours)."""
    ways = (
        (lambda s: s.core, 0.0),
        (lambda s: sound_of(s.core), _BY_SOUND),
        (lambda s: s.bare, _WITHOUT_LINKS),
    )
    found = [
        cdist(
            [form(each) for each in theirs],
            [form(each) for each in ours],
            scorer=OSA.normalized_similarity,
            score_cutoff=_WORTH_SHOWING,
            dtype=np.float64,
        )
        - cost
        for form, cost in ways
    ]
    return np.asarray(np.max(found, axis=0))


def _allowed(theirs: Sequence[Spelling], ours: Sequence[Spelling]) -> np.ndarray:
    """Return which pairs may be one place: those of the same marks and kinds."""
    marks = {each: at for at, each in enumerate(dict.fromkeys(s.marks for s in (*theirs, *ours)))}
    kinds = {each: at for at, each in enumerate(dict.fromkeys(s.kinds for s in (*theirs, *ours)))}
    same = _codes(theirs, marks, "marks")[:, None] == _codes(ours, marks, "marks")[None, :]
    alike = _codes(theirs, kinds, "kinds")[:, None] == _codes(ours, kinds, "kinds")[None, :]
    return np.asarray(same & alike)


def _codes(spellings: Sequence[Spelling], order: Mapping[Any, int], part: str) -> np.ndarray:
    return np.array([order[getattr(each, part)] for each in spellings], int)
