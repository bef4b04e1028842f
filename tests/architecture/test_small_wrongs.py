"""What both READMEs say of small wrongs is what the study of them recorded, and no other sample."""

import json
import re

import pytest

from tests.architecture.documents import READMES, ROOT

RECORD = json.loads((ROOT / "reports" / "studies" / "mutation.json").read_text(encoding="utf-8"))


def per_cent(share):
    return round(100 * share)


@pytest.mark.parametrize("readme", READMES.values(), ids=READMES)
def test_what_is_said_of_small_wrongs_is_what_was_recorded(readme):
    line = r"^- (?:Of|De) \d+ (?:small wrongs|errores pequeños)[^\n]*(?:\n  [^\n]*)*"
    (said,) = re.findall(line, readme.read_text("utf-8"), re.MULTILINE)
    whole = RECORD["all"]
    cores = [RECORD[room] for room in ("analysis", "privacy", "evaluation")]
    told = [int(number) for number in re.findall(r"\d+", re.sub(r"`[^`]*`", "", said))]

    expected = [whole["mutants"], whole["noticed"], per_cent(whole["score"])]
    assert told[:3] == expected
    assert told[3:6] == [95, *map(per_cent, whole["interval"])]
    assert told[6] == RECORD["seed"]
    for core in cores:
        figures = [per_cent(core["score"]), *map(per_cent, core["interval"])]
        assert any(told[at : at + 3] == figures for at in range(len(told)))


def test_of_what_was_drawn_all_is_accounted_for():
    whole, rooms = RECORD["all"], ("analysis", "privacy", "evaluation")

    for part in ("mutants", "noticed"):
        assert whole[part] == sum(RECORD[room][part] for room in rooms)
    assert len(RECORD["survived"]) == whole["mutants"] - whole["noticed"]
    assert whole["mutants"] + len(RECORD["equivalent"]) <= RECORD["drawn"]
