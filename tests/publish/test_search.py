import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from labtools.publish.contents import folded
from labtools.publish.pages import ASSETS

NODE, CHROMIUM = shutil.which("node"), shutil.which("chromium")
PICTURES = Path(__file__).parents[1] / "browser" / "screenshots"
BLANK = 10_000  # bytes: a page without words makes fewer
#: A page of each kind, and the English ones that a visitor meets first.
KINDS = (
    "index.html",
    "mapa.html",
    "cambios.html",
    "propuestas.html",
    "evaluaciones.html",
    "como-leer.html",
    "datos.html",
    "delegaciones/norte.html",
    "colonias/c000.html",
    "colonias/c003.html",
    "en/index.html",
    "en/colonias/c000.html",
)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def run_in_node(expression: str) -> object:
    module = json.dumps(str(ASSETS / "search.js"))
    script = f"const s = require({module}); console.log(JSON.stringify({expression}))"
    answer = subprocess.run(
        [NODE, "-e", script], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(answer.stdout)


@pytest.mark.skipif(NODE is None, reason="there is no node to run the search in")
@pytest.mark.parametrize("typed", ["nanez", "ÑÁÑEZ", "  lomas   ñañez ", "nanez norte"])
def test_the_search_finds_names_whatever_the_accents_capitals_and_order(typed):
    colonias = [["Lomas de Ñáñez", "Norte", "c1"], ["Centro", "Sur", "c2"]]

    found = run_in_node(f"s.find({json.dumps(colonias)}, {json.dumps(typed)})")

    assert found == [colonias[0]]


@pytest.mark.skipif(NODE is None, reason="there is no node to run the search in")
def test_the_page_orders_names_as_the_search_reads_them():
    names = ["Álamos del Río", "Ampliación Juárez", "Güemes", "PEÑA"]

    assert run_in_node(f"{json.dumps(names)}.map(s.fold)") == [folded(name) for name in names]


def test_the_index_is_data_that_cannot_end_its_script(hostile_site):
    script = (hostile_site / "assets" / "index.js").read_text(encoding="utf-8")

    data = json.loads(script.removeprefix("window.COLONIAS=").rstrip(";\n"))
    assert len(data) == 11
    assert script.isascii()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium to open the pages in")
    driver = pytest.importorskip("playwright.sync_api")
    with driver.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.mark.browser
def test_a_reader_types_without_accents_and_opens_the_ficha_from_a_disk(browser, site):
    page = browser.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))

    page.goto((site / "index.html").as_uri())
    page.fill("#name", "alamos rio")
    found = page.locator("#found a").all_inner_texts()
    page.press("#name", "Enter")
    page.wait_for_selector("article.ficha")

    assert found == ["Álamos del Río"]
    assert page.inner_text("h1") == "Álamos del Río"
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("place", KINDS)
def test_pages_fit_a_phone_and_a_desk_without_sliding_and_their_pictures_are_kept(
    browser, site, place
):
    PICTURES.mkdir(exist_ok=True)
    for device, width, height in (("phone", 390, 844), ("desk", 1280, 900)):
        page = browser.new_page(viewport={"width": width, "height": height})

        page.goto((site / place).as_uri())
        name = place.removesuffix(".html").replace("/", "-")
        picture = page.screenshot(path=PICTURES / f"site-{name}-{device}.png", full_page=True)

        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("h1").is_visible()
        assert len(picture) > BLANK
        page.close()


@pytest.mark.browser
@pytest.mark.parametrize("colonia", ["c000", "c003", "c004"])
def test_a_ficha_prints_on_one_sheet(browser, site, colonia):
    page = browser.new_page()

    page.goto((site / "colonias" / f"{colonia}.html").as_uri())
    printed = page.pdf(prefer_css_page_size=True)

    assert 1 <= len(re.findall(rb"/Type\s*/Page[^s]", printed)) <= 2
    page.close()


@pytest.mark.browser
def test_hostile_names_run_nothing(browser, hostile_site: Path):
    page = browser.new_page()
    alarms = []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))

    page.goto((hostile_site / "index.html").as_uri())
    page.fill("#name", "onerror")
    page.locator("#found a").first.click()
    page.wait_for_selector("article.ficha")

    assert alarms == []
    assert page.locator("img").count() == 0
    page.close()
