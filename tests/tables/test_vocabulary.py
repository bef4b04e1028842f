import pytest

from labtools.messages import speaking
from labtools.tables import vocabulary as words

EVERY = (
    words.TOTAL,
    *words.GROUPS,
    words.SENSITIVE,
    words.UNCLASSIFIED,
    words.NOT_A_CRIME,
    *words.RECORD_TYPES,
    *words.STATES,
    *words.LOCATED,
    *words.NOT_LOCATED,
    *words.VERDICTS,
    *words.VERSUS,
)


@pytest.mark.parametrize("word", EVERY)
def test_every_word_that_tables_hold_has_what_readers_see_in_both_languages(word):
    with speaking("en"):
        english = words.label(word)
    with speaking("es_MX"):
        spanish = words.label(word)

    assert english != spanish
