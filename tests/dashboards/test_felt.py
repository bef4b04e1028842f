import pytest

from labtools import messages
from labtools.dashboards.data import open_released
from labtools.dashboards.felt import FeltPage
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
