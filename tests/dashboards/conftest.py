import pytest

from labtools.dashboards import service
from labtools.dashboards.data import open_released
from tests.browser.released_example import write_edition


@pytest.fixture(scope="session", autouse=True)
def the_examples_own_time() -> None:
    """Serve as in the month after the examples end: their figures hold until 2027."""
    service.AS_OF = "2026-01-31"


@pytest.fixture(scope="session")
def public(tmp_path_factory):
    return write_edition(tmp_path_factory.mktemp("workbench") / "reports" / "2026-01" / "public")


@pytest.fixture
def data(public):
    return open_released(public)
