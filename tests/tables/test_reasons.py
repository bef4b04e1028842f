import re
from pathlib import Path

import labtools
from labtools import messages
from labtools.tables.reasons import REASONS, reason_words

PACKAGE = Path(labtools.__file__).parent


def reasons_in_code():
    code = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    given = re.findall(r'reasons?\[[^\n]*\] = "([a-z_]+)"', code)
    named = re.findall(r'"([a-z_]+)": (?:outside|doubtful|lost)\b', code)
    return {*given, *named}


def test_every_reason_that_the_code_gives_has_its_words():
    assert len(reasons_in_code()) > 15
    assert reasons_in_code() <= set(REASONS)


def test_a_reason_is_said_in_the_readers_language():
    with messages.speaking("es_MX"):
        spanish = reason_words("folio_repeated")

    assert spanish == "folio repetido"
