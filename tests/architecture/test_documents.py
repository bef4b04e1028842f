import re
import stat

import pytest
import yaml

import labtools
from tests.architecture.documents import DOCUMENTS, ROOT, table


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_and_picture_of_a_document_is_in_the_project(document):
    links = re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize(
    "document", [*DOCUMENTS, ROOT / "CITATION.cff"], ids=lambda path: path.name
)
def test_a_document_names_no_host(document):
    said = document.read_text(encoding="utf-8").lower()

    assert re.findall(r"\w+://\S+|\bwww\.\S+", said) == []


def released_versions():
    """Sections of the changelog, without what is not released yet."""
    sections = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## ")[1:]
    return sections[1:] if sections[0].startswith("Unreleased\n") else sections


def test_the_changelog_begins_with_this_version_and_tells_the_numbers_that_change():
    versions = released_versions()

    assert versions[0].split()[0] == labtools.__version__
    assert all("\n### Numbers that change\n" in version for version in versions)


def test_the_citation_is_of_this_version_and_has_what_the_format_asks():
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))

    assert {"cff-version", "message", "title", "authors"} <= told.keys()
    assert told["cff-version"] == "1.2.0"
    assert str(told["version"]) == labtools.__version__
    assert told["license"] == "BSD-3-Clause"
    assert all("name" in author or "family-names" in author for author in told["authors"])


def test_the_changelog_and_the_citation_tell_the_same_day():
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    first = released_versions()[0].splitlines()[0]

    assert first == f"{labtools.__version__} ({told['date-released']})"


@pytest.mark.parametrize("row", table(ROOT / "SECURITY.md", "Folder modes"), ids=lambda row: row[0])
def test_a_private_folder_has_the_mode_that_security_promises(row, demo_workbench):
    folder = demo_workbench.root / row[0].strip("`")

    assert f"{stat.S_IMODE(folder.stat().st_mode):04o}" == row[1]


def test_raw_files_and_keys_can_be_read_by_their_owner_only(demo_workbench):
    kept = [path for path in demo_workbench.raw.glob("*/*/*") if path.name != "snapshot.json"]
    keys = list(demo_workbench.secrets.glob("*.key"))

    modes = {stat.S_IMODE(path.stat().st_mode) for path in (*kept, *keys)}

    assert len(keys) == 2
    assert modes == {0o400}
