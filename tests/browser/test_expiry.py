from datetime import datetime

import pytest
import requests

from labtools.dashboards import service
from labtools.dashboards.server import serving
from labtools.publish.site import build_site
from tests.publish.released_example import write_released

pytestmark = [pytest.mark.browser]

HELD = "These figures held until 2027-01-01."
SPANISH = "Estas cifras valieron hasta 2027-01-01."


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("expiring")
    return build_site(write_released(folder / "public"), folder / "site").folder


@pytest.fixture
def on_day(chromium, site):
    """Open a page of the site on a given day."""
    context = chromium.new_context()
    page = context.new_page()

    def opened(day: str, place: str):
        page.clock.set_fixed_time(datetime.fromisoformat(f"{day}T12:00:00"))
        page.goto((site / place).as_uri())
        return page

    yield opened
    context.close()


def a_ficha(site):
    return next((site / "colonias").glob("*.html")).relative_to(site)


def test_a_figure_stands_until_the_day_before_its_card_expires(on_day, site):
    page = on_day("2026-12-31", a_ficha(site))

    assert page.locator("section.detail table").count() == 1
    assert page.get_by_text(SPANISH).count() == 0


def test_an_expired_card_hides_its_figures_and_says_so(on_day, site):
    page = on_day("2027-01-01", a_ficha(site))

    assert page.locator("section.detail table").count() == 0
    assert page.locator("section.detail h2").count() == 1
    assert SPANISH in page.locator("section.detail").inner_text()
    assert page.locator("section.sources table").count() == 1


def test_the_map_of_an_expired_edition_is_hidden_in_english_too(on_day):
    page = on_day("2028-06-01", "en/map.html")

    assert page.locator("main svg").count() == 0
    assert HELD in page.locator("main").inner_text()


@pytest.mark.parametrize("place", ["cambios.html", "propuestas.html", "en/changes.html"])
def test_no_page_of_the_menu_outlives_its_card(on_day, place):
    said = HELD if place.startswith("en/") else SPANISH
    for day, past in (("2026-12-31", 0), ("2027-01-01", 1)):
        page = on_day(day, place)

        assert page.get_by_text(said).count() == past
        assert page.locator("main table, main svg").count() == 0 or not past


def test_the_living_page_of_figures_past_their_day_is_refused_and_starts_no_kernel(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(service, "AS_OF", "2027-01-01")
    public = write_released(tmp_path / "public")
    build_site(public, public / "site")
    with serving(public, port=0, most_readers=0) as running:
        told = requests.get(f"{running.url}live/municipal_map", timeout=60)
        still = requests.get(f"{running.url}municipal_map", timeout=60)

    assert told.status_code == 410
    assert SPANISH in still.text or HELD in still.text
