"""A dashboards' server on a small released edition, and a browser that may go nowhere else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from labtools.dashboards import service
from labtools.dashboards.server import Running, serving
from tests.browser.released_example import write_edition

pytest.importorskip("voila")
playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SCREENSHOTS = Path(__file__).parent / "screenshots"
ALONE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SECRET = "not-for-readers"  # noqa: S105 - made up
PATIENCE = 60_000


@dataclass
class Reader:
    """A reader's browser: its page, and what it saw and asked for."""

    page: playwright.Page
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def open(self, url: str) -> None:
        """Open a living dashboard and wait until its map and its ficha stand."""
        self.page.goto(url)
        self.page.wait_for_selector("path.leaflet-interactive", timeout=PATIENCE)
        self.page.wait_for_selector(".lab-ficha h2", timeout=PATIENCE)


@pytest.fixture(scope="session", autouse=True)
def the_examples_own_time() -> None:
    """Serve as in the month after the examples end: their figures hold until 2027."""
    service.AS_OF = "2026-01-31"


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Running]:
    workbench = tmp_path_factory.mktemp("workbench")
    public = write_edition(workbench / "reports" / "2026-01" / "public")
    with pytest.MonkeyPatch.context() as around:
        around.setenv("DATABASE_PASSWORD", SECRET)
        with serving(public, port=0, most_readers=24) as running:
            yield running


# Playwright keeps an event loop running while it is open: it is closed with its module, so that
# no other test of the same worker meets that loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator[playwright.Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here: pages were not opened")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(ALONE))
        yield browser
        browser.close()


@pytest.fixture
def reader(chromium, server) -> Iterator[Reader]:
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    person = Reader(context.new_page())
    _keep_home(context, person, server.url)
    yield person
    context.close()


def _keep_home(context: playwright.BrowserContext, person: Reader, home: str) -> None:
    def seen(request: playwright.Request) -> None:
        if not request.url.startswith((home, "data:", "blob:")):
            person.elsewhere.append(request.url)

    def routed(route: playwright.Route) -> None:
        if route.request.url.startswith((home, "data:", "blob:")):
            route.continue_()
        else:
            person.elsewhere.append(route.request.url)
            route.abort()

    context.route("**/*", routed)
    person.page.on("request", seen)
    person.page.on(
        "console",
        lambda said: person.complaints.append(said.text) if said.type == "error" else None,
    )
    person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
    person.page.on(
        "response",
        lambda r: person.failures.append(f"{r.status} {r.url}") if r.status >= 400 else None,
    )
