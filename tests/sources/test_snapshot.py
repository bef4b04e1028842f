import hashlib
import json
import stat

import pytest

from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.sources.snapshot import take_snapshot
from tests.sources.supplied import EVENTS, descriptor, written


def taken(path, raw):
    return take_snapshot(
        path,
        raw,
        source="carpetas",
        cutoff="2024-12-31",
        named="fgj",
        descriptor=descriptor(**EVENTS),
    )


def test_the_bytes_are_kept_as_they_came_and_nobody_else_may_read_them(tmp_path):
    content = b"folio,fecha\r\n\xf1,2024-01-01"

    snapshot = taken(written(tmp_path, content), tmp_path / "raw")

    kept = tmp_path / "raw" / "carpetas" / snapshot.folder_name / "hechos.csv"
    assert kept.read_bytes() == content
    assert snapshot.sha256 == hashlib.sha256(content).hexdigest()
    assert snapshot.folder_name == f"2024-12-31-{snapshot.sha256[:8]}"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o400
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_what_is_known_of_the_file_stands_beside_it(tmp_path):
    snapshot = taken(written(tmp_path, "a"), tmp_path / "raw")

    beside = tmp_path / "raw" / "carpetas" / snapshot.folder_name / "snapshot.json"
    told = json.loads(beside.read_text(encoding="utf-8"))
    assert told["licence"] == "CC0"
    assert told["sensitivity"] == "N0"
    assert told["cutoff"] == "2024-12-31"
    assert told["size"] == 1


def test_a_corrected_file_stands_beside_the_first_one(tmp_path):
    path = written(tmp_path, "a")

    first = taken(path, tmp_path / "raw")
    path.write_text("b", encoding="utf-8")
    second = taken(path, tmp_path / "raw")

    folder = tmp_path / "raw" / "carpetas"
    assert (folder / first.folder_name / "hechos.csv").read_text(encoding="utf-8") == "a"
    assert (folder / second.folder_name / "hechos.csv").read_text(encoding="utf-8") == "b"


def test_a_damaged_copy_is_made_again(tmp_path):
    path = written(tmp_path, "a")
    snapshot = taken(path, tmp_path / "raw")
    kept = tmp_path / "raw" / "carpetas" / snapshot.folder_name / "hechos.csv"
    kept.chmod(0o600)
    kept.write_text("tampered", encoding="utf-8")

    taken(path, tmp_path / "raw")

    assert kept.read_text(encoding="utf-8") == "a"


def test_a_file_that_is_not_there_is_refused_and_leaves_nothing(tmp_path):
    with speaking("en"), pytest.raises(SourceError, match=r"nada\.csv of the source carpetas does"):
        taken(tmp_path / "nada.csv", tmp_path / "raw")

    assert not (tmp_path / "raw").exists()
