"""No byte of what is public tells a finding that nobody saw in its source."""

import re

import pytest

from labtools.privacy.readable import lines_of
from labtools.targeting.catalogue import read_interventions

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def told(finished):
    """Return by ending all that public files say, without the breaks between their lines."""
    found = {}
    for path in sorted(finished.latest.joinpath("public").rglob("*")):
        if path.is_file():
            lines = lines_of(path.name, path.read_bytes())
            found[path.suffix] = found.get(path.suffix, "") + _plain(" ".join(lines))
    return found


def _plain(words):
    return re.sub(r"[\s\u00ad]+", " ", words)


def _words(*, quotable):
    """Return what the catalogue says of findings, verified or not, and where it has them from."""
    effects = [effect for one in read_interventions().intervention for effect in one.effect]
    said = [(effect.claim, effect.source) for effect in effects if effect.is_quotable == quotable]
    return {_plain(words) for pair in said for words in pair}


def test_no_public_file_of_any_kind_tells_an_unverified_finding_or_its_source(told):
    hidden = _words(quotable=False) - _words(quotable=True)

    assert len(hidden) >= 20
    for ending, words in told.items():
        assert [one for one in hidden if one in words] == [], ending


@pytest.mark.parametrize("ending", [".html", ".pdf", ".json", ".csv", ".parquet", ".xlsx"])
def test_verified_findings_are_found_by_the_same_search(told, ending):
    assert sum(one in told[ending] for one in _words(quotable=True)) >= 5
