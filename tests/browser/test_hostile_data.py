"""Every text of the data, and every word of an address, tries to run: no page lets it."""

import itertools
from urllib.parse import quote

import pytest

from labtools.dashboards.server import serving
from labtools.narrative import sentences
from labtools.publish.site import build_site
from tests.browser.conftest import PATIENCE, Reader, _keep_home
from tests.browser.test_accessibility import BOARDS, INJECTED
from tests.publish.poisoned import HOSTILE, poisoned_tables
from tests.publish.released_example import write_released

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOM = len(BOARDS)  # a page of each, and none made anew when one is opened
NAMED = ("colonia", "idioma", "lang", "theme", "template", "token", "reset", "<script>")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    run = tmp_path_factory.mktemp("hostile") / "reports" / "2026-01"
    public = write_released(run / "public", poisoned_tables())
    build_site(public, public / "site", tell=sentences)
    with serving(public, port=0, most_readers=ROOM) as running:
        yield running


@pytest.fixture
def watched(chromium, hostile):
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    person = Reader(context.new_page())
    _keep_home(context, person, hostile.url)
    alarms = []
    person.page.on("dialog", lambda it: (alarms.append(it.message), it.dismiss()))
    yield person
    context.close()
    assert alarms == []
    assert person.elsewhere == []


@pytest.mark.parametrize("board", BOARDS)
def test_a_living_dashboard_of_a_colonia_runs_nothing_that_its_data_say(watched, hostile, board):
    watched.page.goto(f"{hostile.url}live/{board}?colonia=c003")
    watched.page.wait_for_function("() => document.body.dataset.live === 'drawn'", timeout=PATIENCE)
    named = watched.page.locator("[data-colonia]")

    assert named.count() == 0 or named.get_attribute("data-colonia") == "c003"
    assert HOSTILE in watched.page.inner_text("body")
    assert watched.page.locator(INJECTED).count() == 0
    assert watched.complaints == []


def test_no_word_of_an_address_runs_on_any_still_page(watched, hostile):
    attack = quote("\"'></script><img src=x onerror=alert(1)>")
    asked = [f"{name}={attack}" for name in map(quote, NAMED)]
    asked += [f"colonia=c003&idioma=en&{named}" for named in asked]

    for board, named in itertools.product(BOARDS, asked):
        watched.page.goto(f"{hostile.url}{board}?{named}#{attack}", wait_until="domcontentloaded")

        assert watched.page.locator(INJECTED).count() == 0, (board, named)
