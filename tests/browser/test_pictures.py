"""Every kind of page fits a desk and a telephone, and its picture is kept to be looked at."""

import shutil
import subprocess

import pytest

from labtools.narrative import sentences
from labtools.publish.paper import Paper
from labtools.publish.site import build_site
from tests.browser.conftest import SCREENSHOTS
from tests.publish.released_example import write_released

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KINDS = {
    "portada": "index.html",
    "mapa": "mapa.html",
    "cambios": "cambios.html",
    "propuestas": "propuestas.html",
    "evaluaciones": "evaluaciones.html",
    "como_leer": "como-leer.html",
    "datos": "datos.html",
    "delegacion": "delegaciones/norte.html",
    "ficha": "colonias/c000.html",
    "ficha_en_ingles": "en/colonias/c000.html",
}
#: What is printed, and the fewest and the most pages that it may have.
PRINTED = {
    "ficha": ("colonias/c000.pdf", 2, 2),
    "ficha_en_blanco_y_negro": ("colonias/c000.pdf", 2, 2),
    "informe": ("informe-cabildo.pdf", 1, 6),
    "laminas": ("laminas-cabildo.pdf", 3, 40),
}
TELEPHONE, DESK = 390, 1200


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    public = write_released(folder / "public")
    paper = Paper(("es_MX",), "", None)
    SCREENSHOTS.mkdir(exist_ok=True)
    return build_site(public, folder / "site", tell=sentences, paper=paper).folder


@pytest.fixture(scope="module")
def page(chromium):
    context = chromium.new_context()
    page = context.new_page()
    page.clock.set_fixed_time("2026-01-31T12:00:00")
    yield page
    context.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [TELEPHONE, DESK])
def test_a_page_is_no_wider_than_its_screen_and_its_picture_is_kept(page, site, kind, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((site / KINDS[kind]).as_uri())

    page.screenshot(path=SCREENSHOTS / f"pagina-{kind}-{width}.png", full_page=True)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("main h1").count() == 1


@pytest.mark.parametrize("what", PRINTED)
def test_what_is_printed_is_drawn_by_another_program_and_its_picture_is_kept(site, what):
    draw = shutil.which("pdftoppm")
    if draw is None:
        pytest.skip("pdftoppm is not here: what is printed was not drawn")
    place, fewest, most = PRINTED[what]
    out = SCREENSHOTS / f"papel-{what}"
    for earlier in SCREENSHOTS.glob(f"papel-{what}-*.png"):
        earlier.unlink()

    told = subprocess.run(
        [draw, *(["-gray"] if "negro" in what else []), "-r", "60", "-png", site / place, out],
        capture_output=True,
        text=True,
        check=True,
    )

    drawn = sorted(SCREENSHOTS.glob(f"papel-{what}-*.png"))
    assert fewest <= len(drawn) <= most
    assert "font" not in told.stderr.lower()  # every letter has a font of its own inside
