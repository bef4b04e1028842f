"""False alarms of the evaluation on real records where no programme began.

``python tests/simulation/study_evaluation_placebos.py DATA`` (the folder of publishers' real files)
writes reports/studies/evaluation_placebos.json.  Mexico City: draws of a random quarter, of 400
colonias side by side and of 140 of them: at random, chosen by odds that the records of the year
before raise, and the worst of that year.  What counts is what the product says, guards and all.
By odds of several strengths it is told too how false alarms depend on how many of the chosen have
others as high to compare with: the product's floor for that share comes from there.
ENSU: the synthetic control of one city at a random quarter, and Querétaro at the last of 2024.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy import stats

from labtools.errors import AnalysisError
from labtools.evaluation.counts import BESIDE
from labtools.evaluation.programme import (
    ALL,
    Enrolment,
    alike_in_level,
    design_cells,
    moved_alike,
    programme_effect,
    with_others_as_high,
)
from labtools.evaluation.protocol import Protocol, read_protocol
from labtools.evaluation.synthetic_control import placebo_ratios
from labtools.paths import bundled

OUT = Path(__file__).resolve().parents[2] / "reports" / "studies" / "evaluation_placebos.json"
TREATED, SEED = 140, 2_027
DRAWS = {"random colonias": 400, "colonias chosen by odds": 400, "worst colonias": 100}
SHARES_SEED, SHARES_DRAWS, STRENGTHS = 77, 800, (0.8, 1.2, 1.7, 2.4)
EDGES = (0, 1 / 3, 1 / 2, 2 / 3, 1)
ODDS = 1.2  # how strongly one standard deviation of past records raises the odds
QUARTERS = pd.date_range("2019-01-01", "2023-12-01", freq="QS")
BLOCK = 400  # colonias side by side, for each placebo: a municipality's worth


def cdmx_counts(data: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return robberies and thefts by colonia and quarter, which colonias touch, and centres."""
    colonias = gpd.read_file(data / "cdmx" / "colonias_iecm.gpkg").to_crs("EPSG:6372")
    colonias = colonias.assign(geometry=colonias.make_valid())
    files = pd.read_csv(
        data / "cdmx" / "carpetas_fgj_2019_2023.csv.gz",
        usecols=["latitud", "longitud", "delito", "fecha_hecho"],
    )
    files = files[files["delito"].str.startswith("ROBO", na=False)].dropna()
    day = pd.to_datetime(files["fecha_hecho"].str[:10], errors="coerce")
    points = gpd.GeoDataFrame(
        {"quarter": day.dt.to_period("Q").dt.start_time},
        geometry=gpd.points_from_xy(files["longitud"], files["latitud"]),
        crs="EPSG:4326",
    ).to_crs("EPSG:6372")
    found = points.sjoin(colonias[["CVEUT", "geometry"]], predicate="within")
    table = found.groupby(["CVEUT", "quarter"]).size().unstack(fill_value=0)
    table = table.reindex(index=colonias["CVEUT"], columns=QUARTERS, fill_value=0)
    shapes = colonias.geometry.reset_index(drop=True)
    one, other = shapes.sindex.query(shapes.buffer(30), predicate="intersects")
    near = np.zeros((len(shapes), len(shapes)), dtype=bool)
    near[one, other] = True
    np.fill_diagonal(near, val=False)
    centres = np.column_stack([colonias.centroid.x, colonias.centroid.y])
    return table, near, centres


def placebo(
    ground: tuple[pd.DataFrame, np.ndarray, np.ndarray], rng: np.random.Generator, how: str
) -> dict[str, float]:
    """Return what the product says of one programme that never was, in colonias side by side."""
    table, near, centres = ground
    apart = np.linalg.norm(centres - centres[rng.integers(len(centres))], axis=1)
    some = np.sort(np.argsort(apart)[:BLOCK])
    counts = table.iloc[some]
    beside = pd.DataFrame(near[np.ix_(some, some)], counts.index, counts.index)
    start = int(rng.integers(10, 17))
    past = counts.iloc[:, start - 4 : start].sum(axis="columns").to_numpy()
    level = np.log1p(past)
    liking = {
        "random colonias": rng.gumbel(size=BLOCK),
        "colonias chosen by odds": ODDS * (level - level.mean()) / level.std()
        + rng.gumbel(size=BLOCK),
        "worst colonias": past + rng.random(BLOCK),
    }[how]
    entered = pd.Series(pd.NaT, counts.index, dtype="datetime64[ns]")
    entered.iloc[np.argsort(-liking)[:TREATED]] = counts.columns[start]
    told: dict[str, float] = {}
    for neighbours in ("compared", "own_effect"):
        plan = _plan(counts.columns[start], how, neighbours)
        try:
            cells = design_cells(counts, Enrolment(entered, entered.notna(), beside), plan)
            found = programme_effect(cells, beside)
        except AnalysisError:
            continue
        verdict = alike_in_level(cells) and moved_alike(found)
        for row in found.whole.effects.index:
            name = f"{neighbours}, {row}"
            told[name] = found.whole.effects.loc[row, "p"]
            told[f"{name}, with a verdict"] = told[name] if verdict else np.nan
    return told


def _plan(day: pd.Timestamp, how: str, neighbours: str) -> Protocol:
    plan = read_protocol(bundled("data", "reference", "protocols", "barrios-en-marcha.toml"))
    units = {
        "chosen": "by_lottery" if how == "random colonias" else "by_records",
        "chosen_on": (f"{day:%Y-%m-%d}",),
        "months_looked_at": 12,
    }
    return plan.model_copy(
        update={
            "units": plan.units.model_copy(update=units),
            "design": plan.design.model_copy(update={"neighbours": neighbours}),
        }
    )


def by_share(ground: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> dict[str, object]:
    """Return false alarms by the share of chosen colonias that have others as high."""
    rng = np.random.default_rng(SHARES_SEED)
    drawn = [
        chosen_by_odds(ground, rng, STRENGTHS[k % len(STRENGTHS)]) for k in range(SHARES_DRAWS)
    ]
    return of_shares(pd.DataFrame([one for one in drawn if one]))


def of_shares(found: pd.DataFrame) -> dict[str, object]:
    """Return how often each share rejects, of the draws that the year before lets through."""
    told = found[found["moved"]]
    bins = pd.cut(told["share"], EDGES).astype(str)
    groups = {**dict(list(told.groupby(bins))), "half or more": told[told["share"] >= 1 / 2]}
    return {
        name: {
            "draws": len(rows),
            "all": round(float((rows["p"] < 0.05).mean()), 4),
            "beside": round(float((rows["beside"] < 0.05).mean()), 4),
        }
        for name, rows in groups.items()
    }


def chosen_by_odds(
    ground: tuple[pd.DataFrame, np.ndarray, np.ndarray], rng: np.random.Generator, odds: float
) -> dict[str, object] | None:
    """Return the share, and what the design says, of one programme that never was."""
    table, near, centres = ground
    apart = np.linalg.norm(centres - centres[rng.integers(len(centres))], axis=1)
    some = np.sort(np.argsort(apart)[:BLOCK])
    counts = table.iloc[some]
    beside = pd.DataFrame(near[np.ix_(some, some)], counts.index, counts.index)
    start = int(rng.integers(10, 17))
    level = np.log1p(counts.iloc[:, start - 4 : start].sum(axis="columns").to_numpy())
    liking = odds * (level - level.mean()) / level.std() + rng.gumbel(size=BLOCK)
    entered = pd.Series(pd.NaT, counts.index, dtype="datetime64[ns]")
    entered.iloc[np.argsort(-liking)[:TREATED]] = counts.columns[start]
    plan = _plan(counts.columns[start], "colonias chosen by odds", "own_effect")
    try:
        cells = design_cells(counts, Enrolment(entered, entered.notna(), beside), plan)
        found = programme_effect(cells, beside)
    except AnalysisError:
        return None
    return {
        "share": with_others_as_high(cells.inside.any(axis=1), cells.panel.level),
        "moved": moved_alike(found),
        "p": found.whole.effects.loc[ALL, "p"],
        "beside": found.whole.effects.loc[BESIDE, "p"],
    }


def ensu(data: Path, rng: np.random.Generator) -> dict[str, object]:
    """Return false alarms of placebo ranks among cities, and Querétaro's rank in late 2024."""
    told = pd.read_csv(data / "ensu" / "DERIVED_ENSU_published_city_quarter.csv")
    told = told[(told["answer"] == "Inseguro") & (told["group"] == "T")]
    table = told.pivot_table(index="quarter", columns="city", values="percent")
    table = table.loc["2019Q3":].dropna(axis=1)
    p = []
    for start in rng.choice(table.index[4:-1], 8, replace=False):
        ratios = placebo_ratios(table, start)
        p.extend((ratios.rank(ascending=False) / len(ratios)).to_numpy())
    late = placebo_ratios(table.loc[:"2024Q4"], "2024Q4")
    city = next(name for name in table.columns if name.startswith("Quer"))
    return {
        "cities": table.shape[1],
        "quarters": table.shape[0],
        "false_alarms": round(float(np.mean(np.array(p) <= 0.05)), 4),
        "queretaro_2024Q4_rank": int(late.rank(ascending=False)[city]),
        "queretaro_2024Q4_p": round(float(late.rank(ascending=False)[city] / len(late)), 4),
    }


def main(data: Path) -> None:
    """Run both and write the result."""
    rng = np.random.default_rng(SEED)
    results: dict[str, object] = {"ensu": ensu(data, rng)}
    sys.stdout.write(f"{results}\n")
    ground = cdmx_counts(data)
    for name, draws in DRAWS.items():
        found = pd.DataFrame([placebo(ground, rng, name) for _ in range(draws)])
        results[name] = {
            test: {
                "rejects": round(float((p.dropna() < 0.05).mean()), 4) if p.count() else None,
                "of all draws": round(float((p < 0.05).mean()), 4),
                "draws": int(p.count()),
            }
            for test, p in found.items()
        }
        sys.stdout.write(f"{name}: {results[name]}\n")
        sys.stdout.flush()
    results["chosen by odds, by share with others as high"] = by_share(ground)
    most = max(DRAWS.values())
    limit = stats.binom.ppf([0.025, 0.975], most, 0.05) / most
    told = {
        "what": "programmes that never were, on real records, 5 % nominal",
        "seed": SEED,
        "events": int(ground[0].to_numpy().sum()),
        "rejections_of_an_exact_test_lie_in": [round(float(v), 4) for v in limit],
        "results": results,
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
