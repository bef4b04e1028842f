import tomllib

import pytest

from labtools.messages import speaking
from labtools.paths import bundled
from labtools.tables.indicator_words import SHIPPED, indicator_words

LABELS = sorted(
    {
        indicator["label"]
        for descriptor in bundled("data", "sources").glob("*.toml")
        for indicator in tomllib.loads(descriptor.read_text(encoding="utf-8")).get("indicator", ())
    }
)


@pytest.mark.parametrize("label", LABELS)
def test_every_indicator_of_a_shipped_source_is_told_in_both_languages(label):
    with speaking("en"):
        english = indicator_words(label)
    with speaking("es_MX"):
        spanish = indicator_words(label)

    assert spanish == label
    assert english != label


def test_a_name_that_a_lab_gave_is_kept():
    with speaking("en"):
        assert indicator_words("Luminarias sin luz") == "Luminarias sin luz"


def test_no_word_is_kept_for_an_indicator_that_is_gone():
    assert set(SHIPPED) <= set(LABELS)
