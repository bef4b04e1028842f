"""Executed notebooks as pages: all that was shown, and nothing that could run."""

import base64
import json
from html.parser import HTMLParser

import pytest

from labtools.errors import RunError
from labtools.runs.reading import executed_notebooks, export_notebooks, page_of

PIXEL = base64.b64encode(b"\x89PNG not really").decode()
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><rect/></svg>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><title><style><img src=x onerror=alert(1)></style></title></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<p style='background:url(//elsewhere)'>x</p>",
    "</main></body><script>alert(1)</script>",
    "<form action='//elsewhere'><button>x</button></form>",
    "<object data='//elsewhere'></object><embed src='//elsewhere'>",
    "<link rel=stylesheet href='//elsewhere'><base href='//elsewhere'>",
)


class Seen(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_data(self, data):
        self.words += data


def notebook(*outputs, markdown="# Título\n\nPalabras", audience="public", code="1 + 1"):
    return {
        "nbformat": 4,
        "metadata": {"papermill": {"parameters": {"audience": audience}}},
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": markdown},
            {
                "cell_type": "code",
                "metadata": {},
                "source": code,
                "execution_count": 1,
                "outputs": list(outputs),
            },
        ],
    }


def shown(**data):
    kinds = {name.replace("__", "/").replace("_", "+"): told for name, told in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": kinds}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("kind", ["text__html", "image__svg_xml", "text__markdown", "text__plain"])
def test_nothing_that_a_cell_shows_can_run_or_fetch(hostile, kind):
    told = Seen(page_of(notebook(shown(**{kind: hostile}))))

    page = Seen(page_of(notebook()))
    allowed = set(page.tags) | {"div", "svg", "rect", "title", "a", "text", "p", "pre", "table"}
    assert set(told.tags) <= allowed
    for tag, name, value in set(told.attributes) - set(page.attributes):
        assert not name.startswith("on"), (tag, name)
        assert name != "style", (tag, name)
        assert "javascript" not in value
        assert "elsewhere" not in value
        assert "data:" not in value


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nor_can_its_code_its_words_or_what_it_printed(hostile):
    outputs = (
        {"output_type": "stream", "name": "stdout", "text": [hostile]},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[31m" + hostile]},
    )

    markup = page_of(notebook(*outputs, markdown=f"# {hostile}", code=hostile), with_code=True)

    told = Seen(markup)
    known = {"pre", "details", "summary", "div", "a"} | set(Seen(page_of(notebook())).tags)
    assert set(told.tags) <= known
    assert "\x1b" not in markup
    assert told.words.count(hostile) >= 3  # printed, in the traceback, in the code: as words


def test_what_is_shown_stands_in_the_page_once():
    chart = (
        '<svg viewBox="0 0 9 9" role="img"><title>t</title><rect fill="#fff" x="1"></rect></svg>'
    )

    page = page_of(
        notebook(
            shown(text__html=f"<figure>{chart}</figure>", text__plain="<HTML>"),
            shown(text__html="<table><tr><td>12</td></tr></table>", text__plain="12"),
            shown(image__png=PIXEL, text__plain="<Figure>"),
            shown(application__javascript="alert(1)"),
        )
    )

    assert chart in page
    assert "<td>12</td>" in page
    assert f'src="data:image/png;base64,{PIXEL}"' in page
    assert "alert" not in page
    assert "Figure" not in page
    assert "<title>Título</title>" in page
    assert "<h1>Título</h1>" in page


def test_a_picture_that_is_no_picture_is_left_out():
    page = page_of(notebook(shown(image__png='"><script>alert(1)</script>')))

    assert "<img" not in page
    assert "script>" not in page


def test_the_code_is_there_to_unfold_only_if_asked_for():
    one = notebook(code="secret = 41 + 1")

    assert "41 + 1" not in page_of(one)
    assert "41 + 1" in page_of(one, with_code=True)


def test_a_page_says_that_it_is_not_for_the_public_unless_its_notebook_was_made_for_it():
    assert 'class="warning"' not in page_of(notebook(audience="public"))
    assert 'class="warning"' in page_of(notebook(audience="internal"))
    assert 'class="warning"' in page_of({**notebook(), "metadata": {}})


def test_pages_share_their_sheet_of_styles_and_are_the_same_to_the_byte(tmp_path):
    source = tmp_path / "one.ipynb"
    source.write_text(json.dumps(notebook()), encoding="utf-8")

    made = [
        export_notebooks([(source, "a/b/one"), (source, "two")], tmp_path / place)
        for place in ("first", "second")
    ]

    assert (tmp_path / "first" / "reading.css").stat().st_size < 3000
    assert 'href="../../reading.css"' in made[0][0].read_text(encoding="utf-8")
    assert 'href="./reading.css"' in made[0][1].read_text(encoding="utf-8")
    assert [p.read_bytes() for p in made[0]] == [p.read_bytes() for p in made[1]]
    assert (tmp_path / "first").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("held", ["{", "[]", '{"nbformat": 3, "cells": []}', '{"nbformat": 4}'])
def test_what_is_no_notebook_is_refused(tmp_path, held):
    path = tmp_path / "x.ipynb"
    path.write_text(held, encoding="utf-8")

    with pytest.raises(RunError, match=r"x\.ipynb"):
        export_notebooks([(path, "x")], tmp_path / "to")


def test_notebooks_of_a_run_are_chosen_by_entry_and_colonia(tmp_path):
    for name in ("fichas/public/k-1", "fichas/public/k-2", "overview/public/overview"):
        path = tmp_path / "internal" / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def names(**wanted):
        return [name for _, name in executed_notebooks(tmp_path, **wanted)]

    assert len(names()) == 3
    assert names(names=["overview"]) == ["overview/public/overview"]
    assert names(colonias=["K_2"]) == ["fichas/public/k-2"]
    with pytest.raises(RunError, match="overview"):
        names(names=["nothing"])
