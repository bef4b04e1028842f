"""How often each method cries where nothing is there, beside practices that are common.

Run ``make study``; the results stand in ``reports/studies/false_alarms.json``: the share of
cities with at least one false alarm, and of areas called by the traffic light.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from labtools.analysis.change import compare_windows
from labtools.analysis.dispersion import dispersion_by_size
from labtools.analysis.expected import compare_with_expected
from labtools.analysis.hotspots.emerging import emerging_clusters
from labtools.analysis.hotspots.local_statistics import (
    local_g_star,
    local_moran,
    standardise_rates,
)
from labtools.analysis.hotspots.scan import scan_areas
from tests.simulation.risk_cities import map_of_neighbours

RESULTS = Path(__file__).parents[2] / "reports" / "studies" / "false_alarms.json"
AREAS, MONTHS, MEAN = 128, 60, 2.5
NULLS = {"poisson": np.inf, "negative_binomial": 5.0}
LEVEL = 0.05


def null_city(seed: int, size: float) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame, object]:
    """Return counts, people, places and neighbours of a city where all rates are one."""
    rng = np.random.default_rng([seed, 9])
    places = rng.random((AREAS, 2))
    areas = pd.Index([f"c{k:03d}" for k in range(AREAS)])
    people = pd.Series(rng.lognormal(7.3, 0.6, AREAS), areas)
    mean = (people / people.mean() * MEAN).to_numpy()[:, None]
    clumps = 1.0 if np.isinf(size) else rng.gamma(size, 1 / size, (AREAS, MONTHS))
    counts = rng.poisson(mean * clumps * np.ones((AREAS, MONTHS))).astype(float)
    where = pd.DataFrame(places, areas, ["x", "y"])
    return pd.DataFrame(counts, areas), people, where, map_of_neighbours(places)


def alarms(seed: int, size: float) -> dict[str, float]:
    """Return, for each method, whether it cries (or the share of areas that it calls red)."""
    counts, people, places, neighbours = null_city(seed, size)
    year, before = counts.iloc[:, -12:].sum(axis=1), counts.iloc[:, -24:-12].sum(axis=1)
    quarters = counts.T.groupby(np.arange(MONTHS) // 3).sum().T
    expected = people * year.sum() / people.sum()
    rates = standardise_rates(year, people)
    changed = {
        f"expected_{span}_months": compare_with_expected(counts, people, span=span)
        .table["verdict"]
        .isin(["increase", "decrease"])
        .any()
        for span in (1, 3, 12)
    }
    spread = dispersion_by_size(quarters.iloc[:, -12:])
    twice = compare_windows(before, year, dispersion=spread).table["verdict"]
    last, usual = counts.iloc[:, -1], counts.iloc[:, -37:-1].mean(axis=1)
    scans = {
        f"scan_{null.split()[0]}": scan_areas(
            year, expected, places, null=null, replicates=199, seed=seed
        )
        .clusters["p_value"]
        .min()
        <= LEVEL
        for null in ("poisson", "negative binomial")
    }
    new = emerging_clusters(counts, people, places, replicates=199, seed=seed).clusters
    scans["scan_emerging"] = new["p_value"].min() <= LEVEL
    moran = local_moran(rates, neighbours).table
    gathered = local_g_star(rates, neighbours).table["adjusted"]
    return {
        "traffic_light_share_red": float((last > usual).mean()),
        **{name: float(value) for name, value in changed.items()},
        "two_years_binomial": float(twice.isin(["increase", "decrease"]).any()),
        "local_moran_unadjusted": float((moran["p_value"] <= LEVEL).any()),
        "local_moran_share_of_areas": float((moran["p_value"] <= LEVEL).mean()),
        "g_star_adjusted": float((gathered <= LEVEL).any()),
        **{name: float(value) for name, value in scans.items()},
    }


def main(quick: str = "") -> None:
    """Run the study and write its results."""
    seeds = range(3 if quick else 400)
    told: dict[str, object] = {"cities": len(seeds), "areas": AREAS, "mean_a_month": MEAN}
    for name, size in NULLS.items():
        rows = pd.DataFrame([alarms(seed, size) for seed in seeds])
        told[name] = rows.mean().round(3).to_dict()
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
