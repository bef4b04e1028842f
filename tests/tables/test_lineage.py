import dataclasses
import hashlib
from importlib import metadata

import pytest

from labtools.errors import TableError
from labtools.tables import lineage
from labtools.tables.lineage import (
    digest_of,
    is_current,
    read_lineage,
    sha256_of,
    trace,
    write_lineage,
)


@pytest.fixture
def made(tmp_path):
    """Return an input, an output made from it, and the output's lineage."""
    source, output = tmp_path / "raw.csv", tmp_path / "panel.parquet"
    source.write_bytes(b"a,b\n")
    output.write_bytes(b"output")
    lineage = trace("tabulate", [source], root=tmp_path, settings={"seed": 7})
    write_lineage(output, lineage)
    return source, output, lineage


def again(source, **changed):
    given = {"step": "tabulate", "settings": {"seed": 7}, **changed}
    return trace(given["step"], [source], root=source.parent, settings=given["settings"])


def test_inputs_are_named_inside_the_workbench_with_their_checksum(tmp_path):
    path = tmp_path / "data" / "raw.csv"
    path.parent.mkdir()
    path.write_bytes(b"a,b\n")

    lineage = trace("clean", [path], root=tmp_path)

    assert dict(lineage.inputs) == {"data/raw.csv": hashlib.sha256(b"a,b\n").hexdigest()}


def test_the_same_inputs_give_the_same_bytes(made):
    source, output, _ = made
    beside = output.with_name(output.name + ".lineage.json")
    first = beside.read_bytes()

    write_lineage(output, again(source))

    assert beside.read_bytes() == first


def test_a_file_is_current_until_something_it_was_made_from_changes(made):
    source, output, lineage = made

    assert is_current(output, lineage)
    assert is_current(output, again(source))
    assert not is_current(output, again(source, settings={"seed": 8}))
    assert not is_current(output, again(source, step="analyse"))
    assert not is_current(output, dataclasses.replace(lineage, code="another version"))
    source.write_bytes(b"a,b\n1,2\n")
    assert not is_current(output, again(source))


def test_a_file_changed_by_hand_is_not_current(made):
    _, output, lineage = made

    output.write_bytes(b"tampered")

    assert not is_current(output, lineage)


def test_a_file_that_is_gone_is_not_current(made):
    _, output, lineage = made

    output.unlink()

    assert not is_current(output, lineage)


def test_the_lineage_written_holds_the_checksum_of_its_file(made):
    _, output, _ = made

    assert read_lineage(output).sha256 == hashlib.sha256(b"output").hexdigest()


@pytest.mark.parametrize("left", ["", '{"step": "tab', "[]", '{"step": "tabulate"}'])
def test_a_lineage_cut_short_counts_as_none(made, left):
    _, output, lineage = made

    output.with_name(output.name + ".lineage.json").write_text(left, encoding="utf-8")

    assert read_lineage(output) is None
    assert not is_current(output, lineage)


def test_an_input_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"nada\.csv cannot be read .*Check that it exists"):
        sha256_of(tmp_path / "nada.csv")


def test_a_digest_follows_what_it_says_and_not_the_order_of_its_names():
    assert digest_of({"a": 1, "b": [2]}) == digest_of({"b": [2], "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": "1"})
    assert digest_of("a", "b") != digest_of("ab")


def test_libraries_are_known_by_the_name_and_version_that_they_tell_of_themselves(
    tmp_path, monkeypatch
):
    for folder, told in {
        "one-1.0.dist-info": "Metadata-Version: 2.1\nName: one\nVersion: 1.0\n\nVersion: of text\n",
        "two.dist-info": "Metadata-Version: 2.1\nVersion: 2\nName: two\n",
    }.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "METADATA").write_text(told)
    (tmp_path / "three.egg-info").write_text("Metadata-Version: 1.0\nName: three\nVersion: 3\n")
    monkeypatch.setattr(
        lineage, "distributions", lambda: metadata.distributions(path=[str(tmp_path)])
    )

    told = lineage.packages_digest.__wrapped__()

    assert told == lineage.digest_of(["one==1.0", "three==3", "two==2"])


def test_the_libraries_here_are_those_that_python_s_own_reading_of_them_gives():
    found = sorted({f"{it.name}=={it.version}" for it in metadata.distributions()})

    assert lineage.packages_digest() == lineage.digest_of(found)
