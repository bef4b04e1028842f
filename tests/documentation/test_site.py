"""The documentation site is built without a warning, and found its way in without a network."""

import re
from html.parser import HTMLParser

import pytest

from tests.documentation.build import DOCUMENTS, every_room

pytest.importorskip("sphinx")
pytest.importorskip("myst_nb")
CARD, ROOM = "tasas_y_suavizado", "charts"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """All documents and guides, one method card and one room."""
    from tests.documentation.build import build  # noqa: PLC0415 - Sphinx may be absent

    folder = tmp_path_factory.mktemp("docs")
    assert build(folder, rooms=(ROOM,), methods=(CARD,)) == 0, "see the warnings"
    return folder / "html"


class Addresses(HTMLParser):
    """Every address of a page from which a browser would fetch something by itself."""

    def __init__(self):
        super().__init__()
        self.fetched = []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if tag in {"script", "img", "iframe", "source"} and told.get("src"):
            self.fetched.append(told["src"])
        if tag == "link" and told.get("rel") in {"stylesheet", "icon"}:
            self.fetched.append(told["href"])


def test_every_document_card_and_room_has_its_page(site):
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}

    assert {f"{name}.html" for name in DOCUMENTS} <= pages
    assert {f"methods/{CARD}.html", f"rooms/{ROOM}.html", "guides/diciembre_2024.html"} <= pages


def test_no_page_fetches_anything_from_elsewhere(site):
    reader = Addresses()
    for page in site.rglob("*.html"):
        reader.feed(page.read_text(encoding="utf-8"))

    assert reader.fetched
    assert [it for it in reader.fetched if re.match(r"(https?:)?//", it)] == []


def test_the_search_knows_words_of_cards_and_of_docstrings_without_a_server(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")

    assert index.startswith("Search.setIndex(")
    assert f"methods/{CARD}" in index
    assert "garwood" in index.lower()
    assert "labtools.charts.intervals" in index


def test_every_room_of_the_package_gets_a_page():
    assert {"analysis", "privacy", "workflow", "settings", "errors"} <= set(every_room())
