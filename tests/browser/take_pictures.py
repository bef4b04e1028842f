"""Take the README's pictures of a demo: ``make pictures``.

They show what the product made, as a reader sees it; nothing in them is retouched.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from labtools.dashboards.server import serving

PICTURES = Path(__file__).parents[2] / "reports" / "pictures"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main(public: Path) -> None:
    """Take the picture of a ficha and of the dashboard of a released edition."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    ficha = sorted((public / "site" / "colonias").glob("*.html"))[3].resolve()
    with sync_playwright() as playwright, serving(public, port=0) as running:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        take(browser, ficha.as_uri(), PICTURES / "ficha.png", (1100, 1500), "main")
        explorer = f"{running.live}?colonia={ficha.stem}"
        take(browser, explorer, PICTURES / "tablero.png", (1400, 1150), ".lab-ficha h2")
        browser.close()


def take(
    browser: Browser, address: str, picture: Path, size: tuple[int, int], awaited: str
) -> None:
    """Open an address, wait until `awaited` is drawn, and keep what is seen."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, locale="es-MX")
    page.goto(address)
    page.wait_for_selector(awaited, timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2_000)
    page.screenshot(path=picture)
    page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
