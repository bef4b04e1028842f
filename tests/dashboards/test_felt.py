import re

import pytest

from labtools import messages
from labtools.dashboards.data import open_released
from labtools.dashboards.felt import FeltPage
from tests.browser.released_example import write_edition
from tests.publish.released_example import IDS, WITHOUT_FICHA, write_released


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


@pytest.fixture
def page(tmp_path):
    public = write_released(tmp_path / "public")
    return FeltPage(open_released(public))


def told(page):
    return page._told.value


def test_a_colonia_has_crime_beside_fear_and_recorded_beside_probable(page):
    page.choose(IDS[0])

    assert "rather than for more patrols" in told(page)
    assert "52 probable (36 to 88)" in told(page)
    assert "86 of 100" in told(page)


def test_what_is_no_colonia_of_the_edition_changes_nothing(page):
    page.choose(IDS[0])
    before = told(page)

    for other in ("<script>", WITHOUT_FICHA, 7, None):
        page.choose(other)

    assert page.colonia_id == IDS[0]
    assert told(page) == before


def test_the_whole_municipality_has_its_probable_crime_with_its_limits(page):
    shown = page.page.children[-1].children[-1].value

    assert "some 19,975 crimes may have happened (between 16,714 and 24,818)" in shown
    assert "8,190 recorded; 19,975 probable (16,714 to 24,818)" in shown


def test_an_older_edition_tells_nothing_of_the_municipality_s_probable_crime(tmp_path):
    public = write_released(tmp_path / "public")
    (public / "tables" / "municipality_dark_figure.parquet").unlink()

    made = FeltPage(open_released(public))

    assert "lab-of-city" not in "".join(it.value for it in made.page.children[-1].children)


def test_a_heading_never_stands_alone(tmp_path):
    # This edition asked nobody of crime beside fear, and has no probable crime.
    page = FeltPage(open_released(write_edition(tmp_path / "public")))

    headings = re.findall(r"<h3>([^<]*)</h3>(</section>)?", told(page))

    assert "Crime beside fear" not in [name for name, _ in headings]
    assert [name for name, alone in headings if alone] == []
