"""How many miswritten names of colonias are placed, and how many of those wrongly.

Run by hand: ``python tests/simulation/study_names.py``.  Writes ``reports/studies/
colonia_names.json``.  The demo's names always; real registers where LABTOOLS_REAL_DATA names
their folder.  Seeds are others than those on which the thresholds were set (1 to 5).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.stats import beta

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from labtools.demo.names import BOROUGHS, colonia_names  # noqa: E402
from labtools.places.names import resolve_names  # noqa: E402
from tests.places.misspelling import hard_cases  # noqa: E402

SEEDS = range(201, 209)
REAL = {
    "CONAPO, Ciudad de México": ("cdmx/colonias_imc2020.geojson", "CVE_COL NOM_COLONIA NOM_MUN"),
    "IECM, Ciudad de México": ("cdmx/colonias_iecm.gpkg", "CVEUT NOMUT NOMDT"),
    "CONAPO, Querétaro": ("queretaro/colonias_imc2020.geojson", "CVE_COL NOM_COLONIA -"),
}


def main() -> None:
    """Measure every register and write the figures."""
    towns = {"demo": demo()}
    folder = os.environ.get("LABTOOLS_REAL_DATA")
    if folder:
        towns |= {name: real(Path(folder) / file, named) for name, (file, named) in REAL.items()}
    figures = {name: measured(town) for name, town in towns.items()}
    path = ROOT / "reports" / "studies" / "colonia_names.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"seeds": list(SEEDS), "registers": figures}
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(path.read_text(encoding="utf-8"))


def demo() -> pd.DataFrame:
    """Return the names of a town like the demo's."""
    rng = np.random.default_rng(2026)
    borough = np.sort(rng.integers(0, len(BOROUGHS), 412))
    names = colonia_names(borough, rng)
    keys = [f"99001_{at:04}" for at in range(len(names))]
    told = {"colonia_id": keys, "name": names, "borough": np.array(BOROUGHS)[borough]}
    return pd.DataFrame(told).astype("str")


def real(path: Path, named: str) -> pd.DataFrame:
    """Return the names of a real register; of Querétaro's, those of the municipality."""
    table = gpd.read_file(path, ignore_geometry=True)
    key, name, borough = named.split()
    told = {"colonia_id": table[key], "name": table[name]}
    town = pd.DataFrame({**told, "borough": None if borough == "-" else table[borough]})
    mine = town["colonia_id"].astype(str).str.startswith("22014") if borough == "-" else slice(None)
    return town[mine].reset_index(drop=True)


def measured(town: pd.DataFrame) -> dict[str, float]:
    """Return the figures of all seeds together."""
    counts = np.zeros(6)
    for seed in SEEDS:
        cases, known = hard_cases(town, np.random.default_rng(seed))
        asked = (cases[name].astype("str") for name in ("written", "borough"))
        found = resolve_names(*asked, known)
        accepted = found.colonia_id.notna().to_numpy()
        truth = cases["truth"].to_numpy(object)
        right = accepted & (found.colonia_id.to_numpy(object) == truth)
        there = cases["truth"].notna().to_numpy()
        counts += [len(cases), accepted.sum(), right.sum(), there.sum(), right[there].sum(), 0]
        counts[5] += (~accepted[~there]).sum()
    cases_, accepted_, right_, there_, found_, silent = counts
    lowest = beta.ppf(0.05, right_, accepted_ - right_ + 1)
    return {
        "cases": int(cases_),
        "accepted": round(accepted_ / cases_, 4),
        "precision": round(right_ / accepted_, 4),
        "precision_at_least_95": round(float(lowest), 4),
        "recall": round(found_ / there_, 4),
        "abstention_when_absent": round(silent / (cases_ - there_), 4),
    }


if __name__ == "__main__":
    main()
