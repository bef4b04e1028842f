"""Bad input never becomes a wrong number: it is refused in words, or right and accounted for."""

import re
from collections import Counter

import pytest

from labtools.errors import LabError
from labtools.messages import speaking
from tests.sources import (
    bad_by_attack,
    bad_by_hand,
    bad_counts,
    bad_events,
    bad_files,
    bad_formats,
    bad_places,
    bad_second,
    bad_third,
)

CASES = [
    *bad_by_attack.CASES,
    *bad_by_hand.CASES,
    *bad_events.CASES,
    *bad_counts.CASES,
    *bad_files.CASES,
    *bad_formats.CASES,
    *bad_places.CASES,
    *bad_second.CASES,
    *bad_third.CASES,
]
FAMILIES = {
    "encoding",
    "numbers",
    "unknown tokens",
    "shape",
    "names",
    "Excel",
    "dates",
    "geo",
    "size",
}
NEXT_STEP = re.compile(
    r"\b(ask|correct|write|download|look|open|compare|check|set|take|add|is it|are accepted)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("bad", CASES, ids=str)
def test_a_bad_input_is_refused_in_words_or_gives_right_numbers(tmp_path, bad):
    if bad.truth is None:
        with speaking("en"), pytest.raises(LabError) as refused:
            bad.run(tmp_path)
        with speaking("en"):
            said = str(refused.value)

        assert [fact for fact in bad.told if fact not in said] == [], said
        assert NEXT_STEP.search(said), said
    else:
        found = bad.run(tmp_path)

        assert dict(found.figures) == dict(bad.truth)
        assert {word: found.account.get(word) for word in bad.account} == dict(bad.account)


def test_every_family_of_bad_input_is_tried():
    tried = Counter(bad.family for bad in CASES)

    assert set(tried) == FAMILIES
    assert len(CASES) >= 370
    assert len({str(bad) for bad in CASES}) == len(CASES)
