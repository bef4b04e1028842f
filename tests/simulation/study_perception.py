"""Fear, the dark figure and the gap between them in the demo's city, against its known truth.

Makes the demo anew, from its suppliers' files to the canonical tables, and judges what comes out of
both editions.  Run ``make study``; the results stand in ``reports/studies/perception.json``.
A folder may be named instead: that of a demo that was run, at least through ``tabulate``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from labtools.paths import Workbench
from labtools.privacy.cards import read_cards
from labtools.privacy.keys import read_keyring
from labtools.privacy.release import withheld_colonias
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.periods import window_ending
from labtools.tables.store import read_table
from labtools.workflow.edition import Edition
from labtools.workflow.forecasting import TABLES
from labtools.workflow.intake import clean, collect
from labtools.workflow.patterns import PREMISES
from labtools.workflow.placing import classify, locate
from labtools.workflow.recorded_events import EVENTS, recorded_events
from labtools.workflow.results import city_results
from labtools.workflow.small_areas import area_models, census_covariates
from labtools.workflow.steps import open_workbench
from labtools.workflow.surroundings import premises_around
from labtools.workflow.survey import survey_waves
from labtools.workflow.tabulate import PROCESSED, tabulate
from labtools.workflow.workbenches import make_demo

HERE = Path(__file__).parents[2]
GROUPS = ("violence", "robbery", "theft", "other")
SIZES = [-1, 6, 20, 60, 1e9]
NAMES = ("up to 6 files", "7 to 20", "21 to 60", "more than 60")


def main(folder: Path) -> None:
    opened = open_workbench(Workbench(folder))
    processed = {name: read_table(name, opened.workbench.processed) for name in PROCESSED}
    processed[EVENTS] = recorded_events(opened)
    processed[PREMISES] = premises_around(opened)
    processed |= {name: empty_table(name) for name in TABLES}  # forecasts take no part in this
    window = window_ending(
        "2025-12", first=pd.Timestamp("2020-01-01"), last=pd.Timestamp("2025-12-01")
    )
    hidden = withheld_colonias(processed["colonias"], opened.settings.disclosure)
    key = read_keyring(opened.workbench.secrets, "rounding")
    told: dict[str, object] = {"seed_of_survey": opened.settings.lab.seed, "areas": 412}
    for audience in ("internal", "public"):
        edition = Edition(audience, window, hidden, frozenset(), key, read_cards())
        results = city_results(processed, edition, opened.settings)
        truth = truths(folder, processed)
        told.setdefault("dark_figure", {})[audience] = dark_figure(results, truth)
        told.setdefault("dark_figure_by_size", {})[audience] = by_size(results, truth)
        told.setdefault("fear_gap", {})[audience] = fear_gap(results, truth)
        if audience == "internal":
            told["small_areas"] = small_areas(processed, edition, opened.settings, truth)
            table = check_table("priority_sensitivity", results["priority_sensitivity"])
            told["sensitivity"] = dict(
                zip(table["scenario"], table["overlap"].round(3), strict=True)
            )
            told["priorities"] = priorities(results, truth)
            told["feedback"] = feedback(results, folder)
    out = HERE / "reports" / "studies" / "perception.json"
    out.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def truths(folder: Path, processed: dict[str, pd.DataFrame]) -> dict[str, object]:
    survey = pd.read_parquet(folder / "truth" / "survey.parquet")
    fear = survey[survey["wave"] == "2025-11"].set_index("colonia_id")["share_insecure"]
    months = pd.read_parquet(folder / "truth" / "intensity.parquet")
    months = months[(months["month"] >= "2025-01-01") & months["group"].isin(GROUPS)]
    # Of drugs that no patrol found nobody can tell: neither a victim nor a correction.
    discovery = pd.read_parquet(folder / "truth" / "discovery.parquet")
    keys = ["colonia_id", "month", "group"]
    unseen = discovery.set_index(keys)["unseen"].reindex(pd.MultiIndex.from_frame(months[keys]))
    months = months.assign(true=months["true"] - unseen.fillna(0).to_numpy())
    crimes = months.groupby(["colonia_id", "group"])["true"].sum().unstack()
    crimes["total"] = crimes.sum(axis=1)
    people = processed["colonias"].set_index("colonia_id")["population"]
    expected = months.groupby("colonia_id")["expected_true"].sum()
    return {"fear": fear, "crimes": crimes, "expected": expected, "people": people}


def small_areas(processed, edition, settings, truth) -> dict[str, float]:
    model = area_models(processed, edition, settings)["insecurity"]
    table = model.frame()
    fear = truth["fear"].reindex(table.index)
    known = fear.notna()
    waves = survey_waves(processed["survey"], edition.window.end)
    rows = pd.concat([w.people.assign(y=w.answers["insecurity"]) for w in waves]).dropna()
    rows = rows.assign(wy=rows["y"] * rows["weight"]).groupby("colonia_id")[["wy", "weight"]].sum()
    direct = (rows["wy"] / rows["weight"]).reindex(table.index)
    x = census_covariates(processed).reindex(table.index)
    x = np.column_stack([np.ones(len(x)), (x - x.mean()) / x.std()])
    seen = direct.notna().to_numpy()
    synthetic = pd.Series(x @ np.linalg.lstsq(x[seen], direct[seen], rcond=None)[0], table.index)
    held = (table["lower"] <= fear) & (fear <= table["upper"])
    both = known & direct.notna()
    return {
        "coverage": round(float(held[known].mean()), 3),
        "rmse_model": error(table["value"] - fear, both),
        "rmse_direct": error(direct - fear, both),
        "rmse_synthetic": error(synthetic - fear, both),
        "rmse_model_all": error(table["value"] - fear, known),
        "width": round(float((table["upper"] - table["lower"]).mean()), 3),
    }


def dark_figure(results, truth) -> dict[str, float]:
    found = {}
    for group, rows in results["dark_figure"].groupby("group"):
        table = rows[rows["state"] == "shown"].set_index("colonia_id")
        crimes = truth["crimes"][group].reindex(table.index)
        held = (table["lower"] <= crimes) & (crimes <= table["upper"])
        found[str(group)] = round(float(held.mean()), 3)
    return found


def by_size(results, truth) -> dict[str, dict[str, float]]:
    """Return, by how many case files colonias have, coverage and the sums of both sides."""
    rows = results["dark_figure"]
    table = rows[(rows["state"] == "shown") & (rows["group"] == "total")].set_index("colonia_id")
    crimes = truth["crimes"]["total"].reindex(table.index)
    held = (table["lower"] <= crimes) & (crimes <= table["upper"])
    size = pd.cut(table["events"].astype(float), SIZES, labels=NAMES)
    found = {}
    for name in (*NAMES, "all"):
        mine = size == name if name != "all" else crimes.notna()
        found[name] = {
            "colonias": int(mine.sum()),
            "coverage": round(float(held[mine].mean()), 3),
            "probable": int(table["probable"][mine].sum()),
            "planted": int(crimes[mine].sum()),
            "above": round(float((table["probable"] > crimes)[mine].mean()), 3),
        }
    return found


def fear_gap(results, truth) -> dict[str, float]:
    people, fear = truth["people"], truth["fear"]
    rate = truth["expected"] / people.where(people > 0)
    crime_high = rate > truth["expected"].sum() / people.sum()
    fear_high = fear > (fear * people).sum() / people[fear.notna()].sum()
    cases = [crime_high & fear_high, ~crime_high & fear_high, crime_high & ~fear_high]
    names = ["both_high", "fear_only", "crime_only"]
    right = pd.Series(np.select(cases, names, "both_low"), rate.index)
    verdict = results["fear_gap"].set_index("colonia_id")["verdict"]
    told = verdict[verdict.isin([*names, "both_low"])]
    return {
        "told": len(told),
        "right": round(float((told == right.reindex(told.index)).mean()), 3),
    }


def priorities(results, truth) -> dict[str, int]:
    shift = results["priority_shift"].set_index("colonia_id")
    rate = truth["crimes"]["total"] / truth["people"].where(truth["people"] > 0)
    first = rate.sort_values(ascending=False).index[: int(shift["in_after"].sum())]
    return {
        "listed": len(first),
        "true_among_recorded": int(shift["in_before"].reindex(first).sum()),
        "true_among_probable": int(shift["in_after"].reindex(first).sum()),
    }


def feedback(results, folder: Path) -> dict[str, list[float]]:
    """Return how much more patrols discover in the programme: found, its ends, and planted."""
    rows = results["feedback"].set_index(["measure", "group"])
    found = rows.loc[("programme_ratio", "other"), ["value", "lower", "upper"]]
    share = pd.read_parquet(folder / "truth" / "discovery.parquet")
    share = share[share["month"] >= "2025-01-01"].groupby("colonia_id")["discovered_share"].mean()
    programme = pd.read_parquet(folder / "truth" / "colonias.parquet").set_index("colonia_id")
    inside = programme["stage"].reindex(share.index) > 0
    planted = share[inside].mean() / share[~inside].mean()
    return {"found": found.round(2).tolist(), "planted": round(float(planted), 2)}


def error(away: pd.Series, known: pd.Series) -> float:
    return round(float(np.sqrt((away[known] ** 2).mean())), 4)


def made(folder: Path) -> Path:
    """Make the demo, up to the tables that an edition is made of."""
    opened = open_workbench(make_demo(folder))
    for step in (collect, clean, locate, classify, tabulate):
        step(opened)
    return folder


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as place:
            main(made(Path(place) / "demo"))
