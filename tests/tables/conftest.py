"""Small canonical tables."""

from __future__ import annotations

import pandas as pd
import pytest

from labtools.messages import speaking


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


@pytest.fixture
def programme() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "colonia_id": ["22014_1", "22014_2"],
            "entered_on": pd.to_datetime(["2024-01-15", "2024-02-01"]).as_unit("ns"),
            "left_on": pd.to_datetime([None, "2024-06-30"]).as_unit("ns"),
            "stage": pd.Series(["inicio", None], dtype="str"),
        }
    )
