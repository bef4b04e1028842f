import pytest

from labtools import messages


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield
