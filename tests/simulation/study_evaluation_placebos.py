"""False alarms of the evaluation on real records where no programme began.

``python tests/simulation/study_evaluation_placebos.py DATA`` (the folder of publishers' real files)
writes reports/studies/evaluation_placebos.json.  Mexico City: 100 draws of a random quarter and
200 random colonias, and of the 200 with most events in the year before.  ENSU: the synthetic
control of one city at a random quarter, and Querétaro at the last quarter of 2024.
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
from labtools.evaluation.counts import BESIDE, CountPanel, imputed_effects
from labtools.evaluation.synthetic_control import placebo_ratios

OUT = Path(__file__).resolve().parents[2] / "reports" / "studies" / "evaluation_placebos.json"
DRAWS, TREATED, SEED = 100, 200, 2026
QUARTERS = pd.date_range("2019-01-01", "2023-12-01", freq="QS")
ALIKE = 0.05
BLOCK = 600  # colonias drawn for each placebo: a municipality's worth


def cdmx_counts(data: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """Return robberies and thefts by colonia and quarter, and which colonias touch."""
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
    return table.loc[~table.index.duplicated()], near


def placebo(
    table: pd.DataFrame, near: np.ndarray, rng: np.random.Generator, *, worst: bool
) -> dict[str, float]:
    """Return the p-values of one programme that never was."""
    some = np.sort(rng.choice(len(table), BLOCK, replace=False))
    counts = table.iloc[some]
    start = int(rng.integers(10, 17))
    past = counts.iloc[:, start - 4 : start].sum(axis=1).to_numpy() + rng.random(BLOCK)
    chosen = np.argsort(-past)[:TREATED] if worst else rng.choice(BLOCK, TREATED, replace=False)
    inside = np.zeros(counts.shape, dtype=bool)
    inside[chosen, start:] = True
    used = ~inside
    if worst:
        used[:, start - 4 : start] = False
    beside = (near[np.ix_(some, some)].astype(float) @ inside > 0) & ~inside
    frame = {"index": counts.index, "columns": counts.columns}
    cells = pd.DataFrame(inside, **frame)
    told = {}
    for name, exposed in (("compared", beside & False), ("own_effect", beside)):
        panel = CountPanel(counts, pd.DataFrame(used, **frame), pd.DataFrame(exposed, **frame))
        try:
            found = imputed_effects(panel, {"all": cells}).effects
        except AnalysisError:
            continue
        told[name] = found.loc["all", "p"]
        earlier = _year_before(inside, used, start)
        kept = pd.DataFrame(used & ~earlier, **frame)
        past = imputed_effects(
            CountPanel(counts, kept, kept & False), {"all": pd.DataFrame(earlier, **frame)}
        ).effects.loc["all", "p"]
        # What the product does: no verdict where the year before differs.
        told[f"{name}, with a verdict"] = told[name] if past >= ALIKE else 1.0
        if BESIDE in found.index:
            told["beside"] = found.loc[BESIDE, "p"]
    return told


def _year_before(inside: np.ndarray, used: np.ndarray, start: int) -> np.ndarray:
    """Return the last four quarters that compare before the start, of the treated."""
    past = used & inside.any(axis=1)[:, None] & (np.arange(used.shape[1]) < start)
    back = np.cumsum(past[:, ::-1], axis=1)[:, ::-1]
    return past & (back <= 4)


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
    table, near = cdmx_counts(data)
    for name, worst in (("random colonias", False), ("worst colonias", True)):
        found = pd.DataFrame([placebo(table, near, rng, worst=worst) for _ in range(DRAWS)])
        results[name] = {
            test: {"rejects": round(float((p.dropna() < 0.05).mean()), 4), "draws": int(p.count())}
            for test, p in found.items()
        }
        sys.stdout.write(f"{name}: {results[name]}\n")
        sys.stdout.flush()
    limit = stats.binom.ppf([0.025, 0.975], DRAWS, 0.05) / DRAWS
    told = {
        "what": "programmes that never were, on real records, 5 % nominal",
        "seed": SEED,
        "events": int(table.to_numpy().sum()),
        "rejections_of_an_exact_test_lie_in": [round(float(v), 4) for v in limit],
        "results": results,
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
