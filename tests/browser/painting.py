"""When a browser shows the first words of a page."""

from typing import Any

_PAINTED = """() => new Promise(tell => new PerformanceObserver(list => {
    const found = list.getEntriesByName("first-contentful-paint")[0];
    if (found) tell(found.startTime);
}).observe({type: "paint", buffered: true}))"""


def first_contentful_paint(browser: Any, address: str) -> float:
    """Return the seconds from asking for a page to its first words, for a reader new to it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(address, wait_until="domcontentloaded")
    milliseconds = page.evaluate(_PAINTED)
    context.close()
    return float(milliseconds) / 1_000
