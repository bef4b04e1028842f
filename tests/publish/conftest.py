from pathlib import Path

import pandas as pd
import pytest

from labtools.publish.site import build_site
from tests.publish.poisoned import HOSTILE, poisoned_tables
from tests.publish.released_example import released_tables, write_released


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    return released_tables()


@pytest.fixture(scope="session")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_released(tmp_path_factory.mktemp("run") / "public")


@pytest.fixture(scope="session")
def site(public: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(public, tmp_path_factory.mktemp("made") / "site").folder


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    public = write_released(folder / "public", poisoned_tables())

    def tell(_released: object) -> dict[str, tuple[str, ...]]:
        return {"where": (HOSTILE,), "unknowns": (HOSTILE,)}

    return build_site(public, folder / "site", tell=tell).folder
