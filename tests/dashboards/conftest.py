import pytest

from labtools.dashboards.data import open_released
from tests.browser.released_example import write_edition


@pytest.fixture(scope="session")
def public(tmp_path_factory):
    return write_edition(tmp_path_factory.mktemp("workbench") / "reports" / "2026-01" / "public")


@pytest.fixture
def data(public):
    return open_released(public)
