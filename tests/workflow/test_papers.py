"""Fichas printed on demand: the public's as released, the lab's own marked as what it is."""

import pytest
from click.testing import CliRunner

from labtools.cli.main import build
from labtools.errors import TableError
from labtools.tables import vocabulary as words
from labtools.tables.store import read_table
from labtools.workflow.papers import print_fichas
from tests.publish.test_paper import words_of
from tests.workflow.few import FICHAS


def count_of(bench, colonia_id):
    crime = read_table("crime", bench.latest / "internal" / "city" / "internal")
    rows = crime[(crime["colonia_id"] == colonia_id) & (crime["group"] == words.TOTAL)]
    return int(rows["events"].iloc[0])


def test_the_lab_prints_its_own_ficha_with_true_counts_and_it_says_so(finished, tmp_path):
    colonia = FICHAS[0]
    asked = ["ficha", str(tmp_path / "own"), "--colonia", colonia, "--internal"]

    told = CliRunner().invoke(
        build(),
        [*asked, "--language", "en", "--workbench", str(finished.root)],
        catch_exceptions=False,
    )

    (file,) = (tmp_path / "own").iterdir()
    found = words_of(file.read_bytes())
    assert told.output.strip() == str(file)
    assert file.name.endswith("-internal.pdf")
    assert (tmp_path / "own").stat().st_mode & 0o077 == 0
    assert "Internal: not for the public" in found
    assert f" {count_of(finished, colonia):,} " in found
    assert "rounded to protect" not in found


def test_the_public_ficha_printed_anew_says_nothing_that_is_internal(finished, tmp_path):
    (file,) = print_fichas(finished, tmp_path / "out", FICHAS[:1], language="en")

    assert "Internal" not in words_of(file.read_bytes())


def test_a_colonia_without_ficha_is_refused_by_its_key(finished, tmp_path):
    with pytest.raises(TableError, match="99001_9999"):
        list(print_fichas(finished, tmp_path, ["99001_9999"]))
