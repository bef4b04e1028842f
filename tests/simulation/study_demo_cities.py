"""Whether the intervals of each surface hold the true rates of cities like the demo's.

Fresh cities of the demo's making, as its own is one draw only.  Run ``make study``; the results
stand in ``reports/studies/risk_demo_cities.json``.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from labtools.analysis.dispersion import dispersion_by_size
from labtools.analysis.risk.discount import discounted
from labtools.analysis.risk.groups import pattern_of_others
from labtools.analysis.risk.surfaces import (
    Beside,
    NoisyCounts,
    Surface,
    fit_surface,
    fit_surface_in_time,
)
from labtools.demo.chance import generator
from labtools.demo.ground import Ground, lay_out
from labtools.demo.history import unfold
from labtools.demo.intensity import N_MONTHS, imagine
from labtools.demo.kinds import GROUPS
from labtools.demo.people import settle

RESULTS = Path(__file__).parents[2] / "reports" / "studies" / "risk_demo_cities.json"
GROUND_SEED, SEEDS = 2026, range(100, 108)
SHOWN = [k for k, group in enumerate(GROUPS) if group != "sensitive"]
LAST_THREE_YEARS = 12


def city(ground: Ground, seed: int) -> tuple[pd.Series, np.ndarray, np.ndarray, pd.DataFrame]:
    """Return residents, recorded and expected crimes by colonia, month and group, and who was
    in the programme, by quarter.
    """
    people = settle(ground, seed)
    latent = imagine(ground, people, seed)
    history = unfold(ground, people, latent, seed)
    expected = np.exp(history.log_true[:, :N_MONTHS]) * latent.recorded_share[:, None, :]
    residents = people.colonias.set_index("colonia_id")["population"].astype(float)
    first = history.programme.first_month
    inside = (first[:, None] >= 0) & (np.arange(N_MONTHS) >= first[:, None])
    force = pd.DataFrame(inside.reshape(len(first), -1, 3).mean(axis=2), residents.index)
    return residents, history.recorded.astype(float), expected, force


def counted(quarters: pd.DataFrame, residents: pd.Series) -> NoisyCounts:
    """Return discounted counts with their dispersion."""
    told = discounted(quarters, residents, period_months=3)
    spread = dispersion_by_size(quarters.iloc[:, -LAST_THREE_YEARS:])
    return NoisyCounts(told["events"], told["exposure"], spread)


def surfaces(
    quarters: pd.DataFrame,
    residents: pd.Series,
    neighbours: sparse.csr_array,
    beside: Beside,
    seed: int,
) -> dict[str, Surface | None]:
    """Return the three surfaces of one group."""
    rng = np.random.default_rng(seed)
    counts = counted(quarters, residents)
    in_time = fit_surface_in_time(
        quarters, residents, neighbours, rounded_cells=0.0, beside=beside, rng=rng
    )
    return {
        "space_time": in_time,
        "global": fit_surface(counts, None, rng=rng),
        "discounted": fit_surface(counts, neighbours, rng=rng),
    }


def judged(surface: Surface, true_rate: pd.Series) -> dict[str, float]:
    """Return how far a surface lies from the truth, and how much of it its intervals hold."""
    known = surface.table.loc[true_rate.index]
    held = (known["lower"] <= true_rate) & (true_rate <= known["upper"])
    away = np.log(known["rate"]) - np.log(true_rate)
    return {
        "rmse": float(np.sqrt((away**2).mean())),
        "cover_95": float(held.mean()),
        "width": float(np.log(known["upper"] / known["lower"]).mean()),
    }


def main() -> None:
    """Run the study and write its results."""
    ground = lay_out(generator(GROUND_SEED, "ground"))
    neighbours = sparse.csr_array(ground.neighbours.astype(float))
    rows = []
    for seed in SEEDS:
        residents, recorded, expected, force = city(ground, seed)

        def by_quarter(cut: list[int]) -> pd.DataFrame:
            months = recorded[:, :, cut].sum(axis=2)  # noqa: B023 - used in this turn only
            told = months.reshape(len(months), -1, 3).sum(axis=2)
            return pd.DataFrame(told, residents.index)  # noqa: B023

        for name, cut in {**{GROUPS[k]: [k] for k in SHOWN}, "total": SHOWN}.items():
            quarters, rest = by_quarter(cut), [k for k in SHOWN if k not in cut]
            pattern = None
            if rest:
                others = counted(by_quarter(rest), residents).effective()
                pattern = pattern_of_others(counted(quarters, residents).effective(), others)
            beside = Beside(pattern, force)
            year = expected[:, -12:, cut].sum(axis=(1, 2))
            true_rate = (year / residents.where(residents > 0)).dropna()
            for model, surface in surfaces(quarters, residents, neighbours, beside, seed).items():
                if surface is not None:
                    rows.append({"model": model, "group": name, **judged(surface, true_rate)})
    means = pd.DataFrame(rows).groupby(["model", "group"]).mean().round(4)
    told = {model: means.loc[model].to_dict("index") for model in means.index.get_level_values(0)}
    found = {"cities": len(SEEDS), "first_seed": SEEDS[0], "colonias": len(residents), **told}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
