"""axe-core (WCAG 2.2 AA) on every kind of page, in a real browser: nothing serious may stand."""

import functools
import http.server
import threading

import pytest

from labtools.narrative import sentences
from labtools.publish.site import build_site
from tests.browser.conftest import PATIENCE, Reader, _keep_home
from tests.publish.poisoned import poisoned_tables
from tests.publish.released_example import write_released

Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
INJECTED = "img[src=x], [onerror], [onload]"
GRAVE = ("serious", "critical")
BOARDS = ("colonia_explorer", "municipal_map", "alerts", "perception", "targeting", "evaluation")
PAGES = (
    "index.html",
    "mapa.html",
    "cambios.html",
    "evaluaciones.html",
    "propuestas.html",
    "como-leer.html",
    "datos.html",
    "delegaciones/norte-script-img-src-x-onerror-alert-1.html",
    "colonias/c000.html",
    "colonias/c003.html",
    "en/index.html",
    "en/map.html",
    "en/changes.html",
    "en/evaluations.html",
    "en/proposals.html",
    "en/how-to-read.html",
    "en/data.html",
    "en/boroughs/norte-script-img-src-x-onerror-alert-1.html",
    "en/colonias/c000.html",
)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Serve a whole site, in which every text tries to be a script, on this machine."""
    folder = tmp_path_factory.mktemp("site")
    public = write_released(folder / "public", poisoned_tables())
    site = build_site(public, folder / "site", tell=sentences).folder
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def visitor(chromium, home):
    context = chromium.new_context(viewport={"width": 1200, "height": 900}, bypass_csp=True)
    person = Reader(context.new_page())
    _keep_home(context, person, home)
    yield person
    context.close()


def grave(page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{it['id']}: {it['help']} ({it['nodes'][0]['target']})"
        for it in found
        if it["impact"] in GRAVE
    ]


@pytest.mark.parametrize("place", PAGES)
def test_no_page_of_the_site_has_a_serious_barrier(visitor, home, place):
    visitor.page.goto(home + place)

    assert grave(visitor.page) == []
    assert visitor.elsewhere == []


@pytest.mark.parametrize("place", PAGES)
def test_a_script_in_the_data_never_runs_and_nothing_is_asked_elsewhere(chromium, home, place):
    context = chromium.new_context()
    person = Reader(context.new_page())
    _keep_home(context, person, home)
    alarms = []
    person.page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))

    person.page.goto(home + place)
    person.page.wait_for_load_state("networkidle")

    assert alarms == []
    assert person.elsewhere == []
    assert person.complaints == []
    assert person.page.locator(INJECTED).count() == 0
    context.close()


def test_the_whole_ficha_is_reached_with_the_keyboard_alone(visitor, home):
    visitor.page.goto(home + "colonias/c001.html")

    visitor.page.keyboard.press("Tab")
    first = visitor.page.evaluate("() => document.activeElement.className")
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Tab")

    assert first == "skip"
    assert visitor.page.evaluate("() => document.activeElement.tagName") in {"A", "BODY", "MAIN"}


#: What a reader without a mouse must reach, where it is seen: marks each when it has the focus.
UNREACHED = """() => [...document.querySelectorAll(
  "a[href], select, button, input:not([type=hidden]), [tabindex='0']")]
  .filter((it) => it.checkVisibility({visibilityProperty: true}) && it.offsetWidth > 1
    && !it.disabled && it.tabIndex >= 0 && !it.dataset.reached)
  .map((it) => it.outerHTML.slice(0, 120))"""
FOCUSED = """() => {
  const it = document.activeElement;
  const drawn = getComputedStyle(it);
  const said = drawn.outlineStyle !== "none" || drawn.boxShadow !== "none";
  it.dataset.reached = said ? "seen" : "unseen";
  return it === document.body || said ? "" : it.outerHTML.slice(0, 120);
}"""


def unreached(page) -> list[str]:
    """Return what the tabulator does not reach, or reaches unseen."""
    page.evaluate("() => document.activeElement.blur()")
    unseen = []
    for _ in range(len(page.evaluate(UNREACHED)) + 8):
        page.keyboard.press("Tab")
        unseen += filter(None, [page.evaluate(FOCUSED)])
    return [*page.evaluate(UNREACHED), *unseen]


@pytest.mark.parametrize("board", BOARDS)
def test_no_dashboard_has_a_serious_barrier_and_the_keyboard_reaches_all_of_it(
    chromium, server, board
):
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, bypass_csp=True)
    page = context.new_page()

    page.goto(f"{server.url}{board}")
    still = grave(page)
    page.goto(f"{server.url}live/{board}")
    page.wait_for_function("() => document.body.dataset.live === 'drawn'", timeout=PATIENCE)
    living = grave(page)
    left = unreached(page)
    context.close()

    assert still == []
    assert living == []
    assert left == []
