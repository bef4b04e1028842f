"""Backtest on Mexico City's case files: learn to 2022, judge by 2023.

Run by hand: ``python tests/simulation/study_cdmx_backtest.py``; needs the publishers' files where
``LABTOOLS_REAL_DATA`` says.  Months, IECM's colonias, the six crime codes with most files.  The
model shown is chosen by the months of 2022 alone.  Writes aggregate scores only.

The rule that a model may be beaten in either score was made after CRPS alone had chosen badly
for one of the six (business theft); the next six codes, not looked at before, confirm it.
"""

import json
import os
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.analysis.forecast.backtest import backtest, scoreboard
from labtools.analysis.forecast.baselines import History
from labtools.analysis.forecast.contagion import borders_apart, rings_of
from labtools.analysis.forecast.models import models_for
from labtools.classify.crosswalk import classify_subjects, load_crosswalk

RESULTS = Path(__file__).parents[2] / "reports" / "studies" / "cdmx_backtest.json"
MONTHS = pd.date_range("2019-01-01", "2023-12-01", freq="MS")
CHOOSING, JUDGING = (36, 39, 42, 45), (48, 51, 54, 57)
GROUPS, CONFIRMING = 6, 6
TOUCH_METRES = 5


def main(folder: Path) -> None:
    """Write the scoreboard of each group, and whether the shown model holds."""
    started = time.process_time()
    colonias = gpd.read_file(folder / "cdmx" / "colonias_iecm.gpkg").to_crs("EPSG:32614")
    colonias["geometry"] = colonias.geometry.make_valid()
    counts = counted(folder, colonias)
    one, other = colonias.sindex.query(
        colonias.geometry.buffer(TOUCH_METRES), predicate="intersects"
    )
    pairs = np.column_stack([one, other])[one < other]
    rings = rings_of(borders_apart(pairs, len(colonias)), furthest=3)
    largest = counts.groupby("code")["events"].sum().nlargest(GROUPS + CONFIRMING).index
    boards = {
        str(code): judged(counts[counts["code"] == code], colonias, rings) for code in largest
    }
    names = list(boards)
    told = {
        "what": "FGJ-CDMX case files 2019-2023 by IECM colonia and month; learnt to 2022, judged "
        "by 2023 (four origins, three months each); the model shown is chosen by 2022",
        "colonias": len(colonias),
        "files": int(counts["events"].sum()),
        "cpu_seconds": round(time.process_time() - started, 1),
        "groups": {name: boards[name] for name in names[:GROUPS]},
        "confirming_groups": {name: boards[name] for name in names[GROUPS:]},
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def counted(folder: Path, colonias: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return case files by colonia, month and crime code."""
    files = pd.read_csv(folder / "cdmx" / "carpetas_fgj_2019_2023.csv.gz").drop_duplicates()
    day = pd.to_datetime(files["fecha_hecho"].str[:10], errors="coerce")
    files["month"] = day.dt.to_period("M").dt.start_time
    files = files[files["month"].isin(MONTHS)]
    codes = classify_subjects(files["delito"], load_crosswalk("fgj"))
    points = gpd.GeoSeries(
        gpd.points_from_xy(files["longitud"], files["latitud"]), crs="EPSG:4326"
    ).to_crs(colonias.crs)
    row, area = colonias.sindex.query(points, predicate="within")
    first = ~pd.Index(row).duplicated()
    placed = files.iloc[row[first]].assign(
        area=area[first], code=codes["crime_code"].to_numpy()[row[first]]
    )
    sizes = placed.groupby(["area", "month", "code"]).size()
    return sizes.rename("events").reset_index()


def judged(counts: pd.DataFrame, colonias: gpd.GeoDataFrame, rings: object) -> dict[str, object]:
    """Choose by 2022, judge by 2023."""
    wide = counts.pivot_table(index="area", columns="month", values="events", aggfunc="sum")
    wide = wide.reindex(index=range(len(colonias)), columns=MONTHS).fillna(0)
    history = History(wide, rings)
    models = models_for(history)
    chosen = scoreboard(backtest(history.until(48), models, origins=CHOOSING), models)
    shown = str(chosen.loc[chosen["shown"], "model"].iloc[0])
    board = scoreboard(backtest(history, models, origins=JUDGING), models).set_index("model")
    best = board.loc[board["is_baseline"], "crps"].min()
    covers = board.loc[shown, ["cover_50", "cover_80", "cover_95"]].to_numpy(float)
    return {
        "events_per_colonia_month": round(float(wide.to_numpy().mean()), 3),
        "shown": shown,
        "shown_crps": round(float(board.loc[shown, "crps"]), 5),
        "best_baseline_crps": round(float(best), 5),
        "shown_is_no_worse": bool(board.loc[shown, "crps"] <= best),
        "cover_within_3_points": bool((np.abs(covers - [0.5, 0.8, 0.95]) <= 0.03).all()),
        "board": json.loads(board.drop(columns="shown").round(5).to_json(orient="index")),
    }


if __name__ == "__main__":
    if "LABTOOLS_REAL_DATA" not in os.environ:
        sys.exit("LABTOOLS_REAL_DATA does not name the folder of the publishers' files.")
    main(Path(os.environ["LABTOOLS_REAL_DATA"]))
