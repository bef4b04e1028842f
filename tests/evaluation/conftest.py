import json
from pathlib import Path

import pandas as pd
import pytest

from labtools import messages

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


@pytest.fixture(scope="session")
def reference():
    """Numbers that other programs or publications give, each file with its source."""

    def read(name: str) -> dict:
        return json.loads((REPOSITORY / "tests" / "reference" / name).read_text(encoding="utf-8"))

    return read


@pytest.fixture(scope="session")
def oracle():
    """Inputs of the reference numbers: data of GPL packages, which are not copied here."""

    def read(name: str) -> pd.DataFrame:
        path = REPOSITORY.parent / "shared" / "oracle" / "data" / name
        if not path.is_file():
            pytest.skip(f"the reference input {name} is not on this machine")
        return pd.read_csv(path)

    return read
