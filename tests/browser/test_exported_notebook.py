"""A notebook exported as a page from JupyterLab: it shows the same, and nothing in it runs."""

import json
import os
import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from labtools.charts.change import change_chart
from labtools.cli import show
from labtools.runs.exporting import ENVIRONMENT_VARIABLE, FILES, searched_first, write_settings
from tests.publish.released_example import IDS, released_tables

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ATTACKS = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(2)</script>",
    "<svg onload=alert(3)></svg>",
    "<svg><title><img src=x onerror=alert(4)></title></svg>",
    "<svg><desc><style><img src=x onerror=alert(5)></style></desc></svg>",
    "<iframe srcdoc='<script>parent.alert(6)</script>'></iframe>",
    "<a href='javascript:alert(7)' id=pressed>press</a>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(8)></style>",
    "<details open ontoggle=alert(9)>",
    "<link rel=stylesheet href=https://elsewhere.example/a.css>",
    "<img src=https://elsewhere.example/a.png>",
    "<svg><image href=https://elsewhere.example/b.png /></svg>",
)

WIDGETS = "application/vnd.jupyter.widget-state+json"


@pytest.fixture(scope="module")
def chart():
    change = released_tables()["change"]
    return change_chart(change[change["colonia_id"] == IDS[0]], title="Cambio del delito")


@pytest.fixture(scope="module")
def exported(tmp_path_factory, chart):
    """Export, as in a terminal of that JupyterLab, a notebook that shows attacks everywhere."""
    folder = tmp_path_factory.mktemp("exported")
    shown = [{"text/html": attack, "text/plain": "shown"} for attack in ATTACKS]
    shown += [{"text/markdown": f"{attack} [link](javascript:alert(10))"} for attack in ATTACKS]
    shown += [{kind: "alert(11)"} for kind in ("application/javascript", "text/javascript")]
    shown += [{"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(12)'/>"}]
    outputs = [new_output("display_data", one) for one in shown]
    outputs += [new_output("stream", text="".join(ATTACKS))]
    outputs += [new_output("error", ename=ATTACKS[0], evalue=ATTACKS[1], traceback=[*ATTACKS])]
    outputs += [new_output("display_data", {"text/html": f"<figure>{chart}</figure>"})]
    table = pd.DataFrame({"colonia": [ATTACKS[0]], "tasa": [4.25]})
    outputs += [new_output("display_data", {"text/html": table._repr_html_()})]
    book = new_notebook(
        cells=[new_markdown_cell("\n\n".join(("# Ficha", *ATTACKS))), new_code_cell("1")],
        metadata={"title": ATTACKS[0], "widgets": {WIDGETS: {"state": {"x": ATTACKS[1]}}}},
    )
    book.cells[1].outputs = outputs
    nbformat.write(book, folder / "ficha.ipynb")
    settings = write_settings(folder / "settings")
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", str(folder / "ficha.ipynb")],
        env={**os.environ, ENVIRONMENT_VARIABLE: searched_first(settings, {})},
        check=True,
        capture_output=True,
    )
    return folder / "ficha.html"


def test_nothing_in_an_exported_notebook_runs_or_asks_elsewhere(chromium, exported):
    # Without the policy of the page, its cleaning alone must hold; with it, links must not run.
    for lenient in (True, False):
        context = chromium.new_context(bypass_csp=lenient)
        page = context.new_page()
        alarms, asked = [], []
        page.on("dialog", lambda it, heard=alarms: (heard.append(it.message), it.dismiss()))
        page.on("request", lambda it, seen=asked: seen.append(it.url))

        page.goto(exported.as_uri())
        page.wait_for_load_state("networkidle")
        if not lenient:
            page.evaluate(
                "document.querySelectorAll('a[href^=javascript]').forEach(a => a.click())"
            )
        page.wait_for_timeout(200)

        assert alarms == []
        assert asked == [exported.as_uri()]
        assert page.locator("script, iframe, img[src=x], [onload], [onerror]").count() == 0
        context.close()


def test_an_exported_notebook_still_shows_its_words_and_its_charts(chromium, exported, chart):
    page = chromium.new_page()

    page.goto(exported.as_uri())
    kept = page.locator("figure svg").last

    assert page.locator("h1").inner_text().startswith("Ficha")
    assert kept.locator("*").count() == chart.count("<") - chart.count("</") - 1
    assert kept.bounding_box()["width"] > 100
    page.close()


def test_the_lab_opens_with_the_settings_that_clean_what_is_exported(tmp_path, monkeypatch):
    (tmp_path / "lab.toml").write_text("", encoding="utf-8")
    started = []
    monkeypatch.setattr(show.os, "execv", lambda *command: started.append(command))
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "/own")

    show.lab_command().callback(tmp_path, ())

    first, own = os.environ[ENVIRONMENT_VARIABLE].split(os.pathsep)
    told = [json.loads((tmp_path / first / name).read_text("utf-8")) for name in FILES]
    assert own == "/own"
    assert all(one["SanitizeHTML"]["enabled"] for one in told)
    assert len(started) == 1


def test_a_table_of_pandas_stands_without_the_words_of_its_style(exported):
    page = exported.read_text(encoding="utf-8")

    assert "4.25" in page
    assert "style scoped" not in page
    assert "only-of-type" not in page.split("<body", 1)[1]
