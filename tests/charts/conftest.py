from collections.abc import Iterator

import pandas as pd
import pytest

from labtools.messages import speaking
from tests.publish.released_example import released_tables


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with speaking("en"):
        yield


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    return released_tables()
