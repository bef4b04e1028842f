"""A new edition takes the place of the one that is served, without a word to the operator."""

import json
import threading
import time
import urllib.request

import pytest

from labtools.dashboards.server import serve
from tests.browser.released_example import write_edition

pytest.importorskip("voila")

PATIENCE = 90


@pytest.mark.slow
def test_the_edition_that_latest_names_is_the_one_that_is_served(tmp_path):
    reports = tmp_path / "reports"
    for run in ("2025-12-a", "2026-03-b"):
        write_edition(reports / run / "public")
    (reports / "latest").symlink_to("2025-12-a")
    url, stopped, told = [], threading.Event(), threading.Event()
    options = {"port": 0, "stopped": stopped, "when_ready": lambda it: (url.append(it), told.set())}
    service = threading.Thread(target=serve, args=(reports / "latest" / "public",), kwargs=options)
    service.start()
    try:
        assert told.wait(PATIENCE)
        assert becomes(url[0], "2025-12-a")

        (reports / "next").symlink_to("2026-03-b")
        (reports / "next").replace(reports / "latest")

        assert becomes(url[0], "2026-03-b")
    finally:
        stopped.set()
        service.join(PATIENCE)
    assert not service.is_alive()


def becomes(url, edition):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}health", timeout=PATIENCE) as answer:  # noqa: S310
                if json.load(answer)["edition"] == edition:
                    return True
        except OSError:
            pass
        time.sleep(0.5)
    return False
