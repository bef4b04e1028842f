"""What tests on publishers' files share."""

import pytest

from labtools.paths import Workbench
from tests.real_data.workbenches import MILPA_ALTA, made_cdmx


@pytest.fixture(scope="session")
def cdmx(made_once, real_data) -> Workbench:
    """Return the workbench of Mexico City's 1.1 million case files, run once.  Only read it."""
    return Workbench(made_once("cdmx", lambda home: made_cdmx(home, real_data, MILPA_ALTA)))
