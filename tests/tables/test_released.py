import json
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from labtools.errors import TableError
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.lineage import digest_of, sha256_of
from labtools.tables.released import (
    FICHA_TABLES,
    SEAL_DIGITS,
    Released,
    head_of,
    lines_of,
    read_as_lines,
    read_ficha,
    read_fichas,
    read_heads,
    seal_of,
    slug,
    write_ficha,
)


def series():
    return pd.DataFrame(
        {
            "colonia_id": "22014_0586",
            "quarter": pd.to_datetime(["2024-01-01", "2024-04-01", "2024-07-01"]),
            "group": "theft",
            "events": pd.array([0, 12, None], dtype="Int64"),
            "events_low": pd.array([0, 10, None], dtype="Int64"),
            "events_high": pd.array([2, 14, None], dtype="Int64"),
            "state": ["shown", "shown", "suppressed"],
        }
    )


def perception():
    return pd.DataFrame(
        {
            "area_kind": "city",
            "area": "Querétaro «Ñ»",
            "indicator": "insecurity",
            "period": pd.to_datetime(["2024-07-01"]),
            "share": [1 / 3],
            "lower": [np.nan],
            "upper": [0.4],
            "respondents": pd.array([None], dtype="Int64"),
            "state": "shown",
            "source": "ensu",
        }
    )


@pytest.fixture
def ficha():
    tables = {name: empty_table(name) for name in FICHA_TABLES}
    tables["series"] = check_table("series", series())
    tables["perception"] = check_table("perception", perception())
    tables["profile"] = pd.DataFrame({"name": ["La Sierrita"], "population": [602.0]})
    return Released("22014_0586", MappingProxyType(tables), seal_of(tables))


@pytest.fixture
def path(ficha, tmp_path):
    write_ficha(ficha, tmp_path / "22014-0586.json")
    return tmp_path / "22014-0586.json"


@pytest.mark.parametrize("name", FICHA_TABLES)
def test_a_table_keeps_its_contract_on_the_way_to_json_and_back(ficha, path, name):
    read = read_ficha(path).tables[name]

    # JSON holds ten decimals, which is far beyond what any figure means.
    pd.testing.assert_frame_equal(read, ficha.tables[name], rtol=0, atol=1e-9)


def test_zero_missing_and_suppressed_stay_three_things(path):
    table = read_ficha(path).tables["series"]

    assert table["events"].fillna(-1).tolist() == [0, 12, -1]
    assert table["state"].tolist() == ["shown", "shown", "suppressed"]


def test_the_same_ficha_gives_the_same_bytes_and_seal(ficha, path, tmp_path):
    read = read_ficha(path)

    write_ficha(read, tmp_path / "again.json")

    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()
    assert seal_of(read.tables) == read.seal == ficha.seal


def test_another_figure_gives_another_seal(ficha):
    changed = series().assign(events=pd.array([0, 13, None], dtype="Int64"))

    assert seal_of({**ficha.tables, "series": changed}) != ficha.seal


def test_a_ficha_changed_by_hand_is_refused(path):
    told = json.loads(path.read_text(encoding="utf-8"))
    told["tables"]["series"][1]["events"] = 3
    path.write_text(json.dumps(told), encoding="utf-8")

    with pytest.raises(TableError, match=r"was changed after it was sealed .*“labtools run”"):
        read_ficha(path)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"schema": 1, "tables": 3, "colonia_id": "1", "seal": ""}'],
)
def test_a_file_that_is_no_ficha_is_refused(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(TableError, match=r"a\.json is not a ficha of this workbench"):
        read_ficha(path)


def test_a_ficha_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"nada\.json is not a ficha"):
        read_ficha(tmp_path / "nada.json")


def test_a_ficha_of_another_version_is_refused_with_both(path):
    told = {**json.loads(path.read_text(encoding="utf-8")), "schema": 9}
    path.write_text(json.dumps(told), encoding="utf-8")

    with pytest.raises(TableError, match=r"has version 9 .* reads 1"):
        read_ficha(path)


@pytest.mark.parametrize(
    ("key", "name"), [("22014_0586", "22014-0586"), ("A-1", "a-1"), ("../x", "---x")]
)
def test_a_file_is_named_by_the_key_with_nothing_that_leaves_its_folder(key, name):
    assert slug(key) == name


def test_the_head_of_a_ficha_has_its_profile_and_no_other_table(ficha, path):
    (head,) = read_heads([path])

    assert (head.colonia_id, head.seal, head.expires) == (
        ficha.colonia_id,
        ficha.seal,
        dict(ficha.expires),
    )
    assert list(head.tables) == ["profile"]
    pd.testing.assert_frame_equal(head.tables["profile"], read_ficha(path).tables["profile"])
    pd.testing.assert_frame_equal(
        head_of(read_as_lines(path)).tables["profile"], head.tables["profile"]
    )


def test_the_lines_of_a_file_are_those_of_its_tables(ficha, path):
    lines = read_as_lines(path).lines

    assert lines == {name: lines_of(table) for name, table in ficha.tables.items()}
    assert lines["place"] == []


def test_a_file_of_another_layout_has_the_same_lines_and_seal(ficha, path):
    written = read_as_lines(path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")

    again = read_as_lines(path)

    assert (again.lines, again.seal) == (written.lines, ficha.seal)


def test_the_seal_is_the_digest_of_the_rows(ficha, path):
    rows = json.loads(path.read_text(encoding="utf-8"))["tables"]

    assert digest_of(rows)[:SEAL_DIGITS] == ficha.seal


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('"events": 12', '"events": 13', "was changed after it was sealed"),
        ("},\n{", "},{}, {", "was changed after it was sealed"),
        ('"place": [\n\n]', '"place": [\n{}\n]', "was changed after it was sealed"),
        ('"schema": 1', '"schema": 9', "has version 9"),
    ],
)
def test_lines_changed_by_hand_are_refused(path, was, now, said):
    told = path.read_text(encoding="utf-8")
    assert was in told
    path.write_text(told.replace(was, now, 1), encoding="utf-8")

    with pytest.raises(TableError, match=said):
        read_as_lines(path)


def test_lines_of_a_file_that_is_no_ficha_are_refused(tmp_path):
    for text in ("", "{", "[]", "null", "{}", '{"tables": {\n'):
        (tmp_path / "a.json").write_text(text, encoding="utf-8")

        with pytest.raises(TableError, match=r"a\.json is not a ficha of this workbench"):
            read_as_lines(tmp_path / "a.json")


def test_a_head_that_is_known_is_not_read_again_unless_its_file_changed(ficha, path):
    known = {sha256_of(path): replace(ficha, seal="known")}

    (first,) = read_heads([path], known)
    write_ficha(replace(ficha, outdated=True), path)
    (second,) = read_heads([path], known)

    assert first.seal == "known"
    assert (second.seal, second.outdated) == (ficha.seal, True)


def test_a_file_that_was_changed_has_no_head(ficha, path):
    known = {sha256_of(path): ficha}
    path.write_text(path.read_text(encoding="utf-8").replace("22014_0586", "22014_0587", 3))

    with pytest.raises(TableError, match="was changed after it was sealed"):
        read_heads([path], known)


def test_fichas_read_together_are_those_read_one_by_one(ficha, path, tmp_path):
    other = replace(ficha, colonia_id="99001_0999")
    write_ficha(other, tmp_path / "other.json")

    together = read_fichas([path, tmp_path / "other.json"])

    for found, alone in zip(
        together, [read_ficha(path), read_ficha(tmp_path / "other.json")], strict=True
    ):
        assert (found.colonia_id, found.seal) == (alone.colonia_id, alone.seal)
        assert list(found.tables) == list(alone.tables)
        for name, table in alone.tables.items():
            pd.testing.assert_frame_equal(found.tables[name], table)
