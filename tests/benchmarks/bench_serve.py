"""Measure readers at once, and paper: ours beside stock Voilà on the same notebook, in one run.

``make bench`` writes ``serve_50_viewers_p95_s`` (seconds until nineteen in twenty of fifty readers
who ask at once have a page with their colonia), ``serve_one_viewer_s``,
``serve_first_contentful_paint_s`` (in Chromium, the median of five readers new to the page; where
there is one), ``serve_vs_stock_voila``
(how many times sooner than with stock Voilà, which is given ten readers only),
``serve_memory_mb`` (server and warm kernels), ``serve_back_to_warm_s`` (seconds until only the
pages kept ready remain, after fifty asked for a living one and left),
``serve_kernels_after_1000``, ``serve_readers_after_1000`` (kernels that a thousand requests left
to nobody) and ``pdf_s_per_ficha`` (processor seconds, of four hundred printed anew).
Without the folder of a released edition it makes a small one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from itertools import cycle, islice, product
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from labtools.charts.ground import ground_of
from labtools.charts.maps import locator_map
from labtools.dashboards.data import ENVIRONMENT_VARIABLE
from labtools.dashboards.door import listening
from labtools.dashboards.server import serving
from labtools.dashboards.service import PAGES
from labtools.messages import speaking
from labtools.narrative import sentences
from labtools.paths import bundled
from labtools.publish.paper import print_ficha
from labtools.publish.wording import EDITIONS
from labtools.tables.released import read_fichas
from labtools.tables.store import read_table
from tests.benchmarks.record import record
from tests.browser.painting import first_contentful_paint
from tests.browser.released_example import write_edition

READERS, STOCK_READERS, PRINTED, REPEATED, PAINTED = 50, 10, 400, 1_000, 5
WARM = len(PAGES) + 1  # pages kept ready: two of the first dashboard, one of each other
ALONE = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
_PATIENCE = 300
_SETTLED = 20  # seconds until the other pages are ready too


def main(public: Path) -> None:
    """Measure on a released edition, print, and record."""
    told = {**measured_serving(public), **measured_painting(public), **measured_printing(public)}
    sys.stdout.write("\n".join(f"{name}: {value:.3g}" for name, value in told.items()) + "\n")
    record(**told)


def measured_serving(public: Path) -> dict[str, float]:
    """Return how long readers wait, with ours and with stock Voilà."""
    slugs = sorted(file.stem for file in (public / "fichas").glob("*.json"))
    with serving(public, port=0) as running:
        asked = [
            f"{running.url}colonia_explorer?colonia={slugs[n % len(slugs)]}" for n in range(READERS)
        ]
        seconds_to(running.live)  # the server stands, and its kernels are warm
        time.sleep(_SETTLED)
        alone = seconds_to(asked[0])
        ours = together(asked)
        memory = memory_of(running.service.folder)
        back = seconds_to_rest(running.url, running.live)
        for _ in range(REPEATED):
            seconds_to(asked[0])
        kernels, readers = told_by(running.url)
    stock = together_with_stock(public)
    ninety_five = sorted(ours)[int(0.95 * len(ours)) - 1]
    return {
        "serve_50_viewers_p95_s": ninety_five,
        "serve_one_viewer_s": alone,
        "serve_back_to_warm_s": back,
        "serve_kernels_after_1000": kernels,
        "serve_readers_after_1000": readers,
        "serve_vs_stock_voila": sorted(stock)[len(stock) // 2] / sorted(ours)[len(ours) // 2],
        "serve_memory_mb": memory,
    }


def together(addresses: list[str]) -> list[float]:
    """Return the seconds until each address has answered whole, all asked at once."""
    with ThreadPoolExecutor(len(addresses)) as readers:
        return list(readers.map(seconds_to, addresses))


def seconds_to(address: str) -> float:
    """Return the seconds until an address has answered whole; it is asked again while refused."""
    begun = time.monotonic()
    while True:
        try:
            with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310 - ours
                answer.read()
        except OSError:
            if time.monotonic() - begun > _PATIENCE:
                raise
            time.sleep(0.2)
        else:
            return time.monotonic() - begun


def together_with_stock(public: Path) -> list[float]:
    """Return the same for stock Voilà and fewer readers."""
    with TemporaryDirectory() as folder:
        notebook = shutil.copy(bundled("notebooks", "dashboards", "colonia_explorer.ipynb"), folder)
        with listening("127.0.0.1", 0) as door:
            port = door.getsockname()[1]
        command = [sys.executable, "-m", "voila", notebook, "--no-browser", f"--port={port}"]
        told = {**os.environ, ENVIRONMENT_VARIABLE: str(public)}
        with subprocess.Popen(command, env=told, stderr=subprocess.DEVNULL) as stock:
            try:
                seconds_to(f"http://127.0.0.1:{port}/voila/static/voila.js")
                return together([f"http://127.0.0.1:{port}/"] * STOCK_READERS)
            finally:
                stock.terminate()


def seconds_to_rest(address: str, living: str) -> float:
    """Return the seconds until only pages kept ready remain, after many opened one and left."""
    with ThreadPoolExecutor(READERS) as readers:
        statuses = list(readers.map(asked_once, [living] * READERS))
    if HTTPStatus.OK not in statuses:
        raise RuntimeError(statuses)
    begun = time.monotonic()
    while (told := told_by(address)) != (float(WARM), 0.0):
        if time.monotonic() - begun > _PATIENCE:
            raise RuntimeError(told)
        time.sleep(0.5)
    return time.monotonic() - begun


def asked_once(address: str) -> int:
    """Return the status of an answer; whoever is refused is not here again."""
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310 - ours
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return int(refused.code)


def told_by(address: str) -> tuple[float, float]:
    """Return how many kernels a server says that it has, and how many of them have a reader."""
    with urllib.request.urlopen(f"{address}metrics", timeout=_PATIENCE) as answer:  # noqa: S310 - ours
        told = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines())
    return float(told["labtools_kernels"]), float(told["labtools_kernels_with_a_reader"])


def memory_of(folder: str) -> float:
    """Return the megabytes that a server and its kernels hold, shared pages counted once."""
    total = 0
    for told in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if folder.encode() in told.read_bytes():
                rolled = (told.parent / "smaps_rollup").read_text(encoding="utf-8")
                total += int(rolled.split("Pss:")[1].split()[0])
        except OSError:
            continue
    return total / 1024


def measured_painting(public: Path) -> dict[str, float]:
    """Return the seconds until one reader sees the first words; nothing without Chromium."""
    browser = shutil.which("chromium")
    if browser is None:
        return {}
    with serving(public, port=0) as running, sync_playwright() as driver:
        seconds_to(running.live)
        time.sleep(_SETTLED)
        chromium = driver.chromium.launch(executable_path=browser, args=list(ALONE))
        slugs = sorted(file.stem for file in (public / "fichas").glob("*.json"))[:PAINTED]
        asked = [f"{running.url}colonia_explorer?colonia={slug}" for slug in slugs]
        painted = sorted(first_contentful_paint(chromium, address) for address in asked)
        chromium.close()
    return {"serve_first_contentful_paint_s": painted[len(painted) // 2]}


def measured_printing(public: Path) -> dict[str, float]:
    """Return the processor seconds that a printed ficha costs, of so many in both languages."""
    ground = ground_of(read_table("colonias_shown", public / "tables"))
    fichas = read_fichas(sorted((public / "fichas").glob("*.json")))
    asked = islice(cycle(product(EDITIONS, fichas)), PRINTED)
    begun = time.process_time()
    for language, ficha in asked:
        with speaking(language):
            drawn, said = locator_map(ground, ficha.colonia_id), sentences(ficha)
        print_ficha(ficha, map_svg=drawn, sentences=said, language=language)
    return {"pdf_s_per_ficha": (time.process_time() - begun) / PRINTED}


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]))
    else:
        with TemporaryDirectory() as folder:
            main(write_edition(Path(folder) / "reports" / "example" / "public"))
