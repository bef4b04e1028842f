from pathlib import Path

import pandas as pd
import pytest

from labtools.publish.site import build_site
from tests.publish.released_example import NAMES, released_tables, write_released

#: A name that tries to leave its place, wherever a page writes it.
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&"


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
    tables = released_tables((HOSTILE, *NAMES[1:]))
    tables["period"] = tables["period"].assign(municipality=HOSTILE, lab=HOSTILE, contact=HOSTILE)
    tables["sources"] = tables["sources"].assign(title=HOSTILE, licence=HOSTILE)
    tables["actions_done"] = tables["actions_done"].assign(agency=HOSTILE)
    tables["colonias_shown"] = tables["colonias_shown"].assign(borough=HOSTILE)
    public = write_released(folder / "public", tables)

    def tell(_released: object) -> dict[str, tuple[str, ...]]:
        return {"where": (HOSTILE,), "unknowns": (HOSTILE,)}

    return build_site(public, folder / "site", tell=tell).folder
