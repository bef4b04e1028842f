"""Fear, the dark figure and the gap between them in cities like the demo's, whose truth is known.

Makes cities of other seeds, from their suppliers' files to the canonical tables, and judges what
comes out of both editions: each figure with its mean over cities and the Monte Carlo error of that
mean.  Run ``make study``; the results stand in ``reports/studies/perception.json``.  Seeds may be
named instead; those of a file that is there already are kept.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from labtools.paths import Workbench
from labtools.privacy.cards import read_cards
from labtools.privacy.keys import read_keyring
from labtools.privacy.release import withheld_colonias
from labtools.settings import Settings
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.periods import window_ending
from labtools.tables.store import read_table
from labtools.workflow import results
from labtools.workflow.edition import Edition
from labtools.workflow.forecasting import TABLES
from labtools.workflow.intake import clean, collect
from labtools.workflow.placing import classify, locate
from labtools.workflow.small_areas import area_models, census_covariates
from labtools.workflow.steps import open_workbench
from labtools.workflow.survey import survey_waves
from labtools.workflow.tabulate import PROCESSED, tabulate
from labtools.workflow.workbenches import DEMO_SEED, make_demo

HERE = Path(__file__).parents[2]
GROUPS = ("violence", "robbery", "theft", "other")
SIZES = [-1, 6, 20, 60, 1e9]
NAMES = ("up to 6 files", "7 to 20", "21 to 60", "more than 60")


CITIES = 8
#: What the study asks of an edition takes no forecasts, patterns or evaluations.
ASIDE = ("forecast_results", "pattern_results", "evaluation_tables", "risk_tables")
MODELS = ("logistic", "fay_herriot", "spatial_fay_herriot", "unit_level")


def main(seeds: Sequence[int]) -> None:
    for name in ASIDE:
        setattr(results, name, lambda *_: {})
    out = HERE / "reports" / "studies" / "perception.json"
    for seed in seeds:
        with tempfile.TemporaryDirectory() as place:
            told = judged(made(Path(place) / "demo", seed))
        known = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {}
        by_seed = known.get("by_seed", {}) | {str(seed): told}
        whole = {
            "what": "cities like the demo's, one for each seed: mean over cities, and the Monte "
            "Carlo error of that mean",
            "seeds": [int(one) for one in by_seed],
            "areas": 412,
            **together(list(by_seed.values())),
            "by_seed": by_seed,
        }
        text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
        out.write_text(text, encoding="utf-8")


def judged(folder: Path) -> dict[str, object]:
    opened = open_workbench(Workbench(folder))
    processed = {name: read_table(name, opened.workbench.processed) for name in PROCESSED}
    processed |= {name: empty_table(name) for name in TABLES}  # forecasts take no part in this
    window = window_ending(
        "2025-12", first=pd.Timestamp("2020-01-01"), last=pd.Timestamp("2025-12-01")
    )
    hidden = withheld_colonias(processed["colonias"], opened.settings.disclosure)
    key = read_keyring(opened.workbench.secrets, "rounding")
    truth = truths(folder, processed)
    told: dict[str, dict[str, object]] = {
        name: {} for name in ("dark_figure", "dark_figure_by_size", "fear_gap")
    }
    for audience in ("internal", "public"):
        edition = Edition(audience, window, hidden, frozenset(), key, read_cards())
        found = results.city_results(processed, edition, opened.settings)
        told["dark_figure"][audience] = dark_figure(found, truth)
        told["dark_figure_by_size"][audience] = by_size(found, truth)
        told["fear_gap"][audience] = fear_gap(found, truth)
        if audience == "internal":
            asked = processed["survey"]["indicator"] == "insecurity"
            only = processed | {"survey": processed["survey"][asked]}
            told["small_areas"] = {
                model: small_areas(only, edition, chosen(opened.settings, model), truth)
                for model in MODELS
            }
            table = check_table("priority_sensitivity", found["priority_sensitivity"])
            overlap = table["overlap"].round(3)
            told["sensitivity"] = dict(zip(table["scenario"], overlap, strict=True))
            told["priorities"] = priorities(found, truth)
            told["feedback"] = feedback(found, folder)
            told["city"] = city(found, truth)
    return told


def chosen(settings: Settings, model: str) -> Settings:
    perception = settings.perception.model_copy(update={"model": model})
    return settings.model_copy(update={"perception": perception})


def together(parts: list[dict[str, object]]) -> dict[str, object]:
    """Return, figure by figure, the mean over cities and the Monte Carlo error of that mean."""
    return {
        name: together([part[name] for part in parts])
        if isinstance(parts[0][name], dict)
        else averaged([part[name] for part in parts])
        for name in parts[0]
    }


def averaged(values: list[float]) -> dict[str, float]:
    array = np.array(values, float)
    error = array.std(ddof=1) / np.sqrt(len(array)) if len(array) > 1 else np.nan
    return {"mean": round(float(array.mean()), 4), "mc_error": round(float(error), 4)}


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
        "coverage": round(float(held[known].mean()), 4),
        "rmse_model": error(table["value"] - fear, both),
        "rmse_direct": error(direct - fear, both),
        "rmse_synthetic": error(synthetic - fear, both),
        "rmse_model_all": error(table["value"] - fear, known),
        "width": round(float((table["upper"] - table["lower"]).mean()), 3),
    }


def dark_figure(tables, truth) -> dict[str, float]:
    found = {}
    for group, rows in tables["dark_figure"].groupby("group"):
        table = rows[rows["state"] == "shown"].set_index("colonia_id")
        crimes = truth["crimes"][group].reindex(table.index)
        held = (table["lower"] <= crimes) & (crimes <= table["upper"])
        found[str(group)] = round(float(held.mean()), 3)
    return found


def by_size(tables, truth) -> dict[str, dict[str, float]]:
    """Return, by how many case files colonias have, coverage and the sums of both sides."""
    rows = tables["dark_figure"]
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
            "ratio": round(float(table["probable"][mine].sum() / crimes[mine].sum()), 4),
            "above": round(float((table["probable"] > crimes)[mine].mean()), 3),
        }
    return found


def city(tables, truth) -> dict[str, float]:
    """Return the whole city's crimes: by its draws, by adding up colonias' medians, and planted."""
    rows = tables["municipality_dark_figure"].set_index("group")
    planted = truth["crimes"].sum().reindex(rows.index)
    held = (rows["lower"] <= planted) & (planted <= rows["upper"])
    total = tables["dark_figure"].query("group == 'total'")
    return {
        "probable": int(rows.loc["total", "probable"]),
        "planted": int(planted["total"]),
        "ratio": round(float(rows.loc["total", "probable"] / planted["total"]), 4),
        "ratio_of_medians": round(float(total["probable"].sum() / planted["total"]), 4),
        "held": float(held["total"]),
        "groups_held": round(float(held.drop("total").mean()), 3),
    }


def fear_gap(tables, truth) -> dict[str, float]:
    people, fear = truth["people"], truth["fear"]
    rate = truth["expected"] / people.where(people > 0)
    crime_high = rate > truth["expected"].sum() / people.sum()
    fear_high = fear > (fear * people).sum() / people[fear.notna()].sum()
    cases = [crime_high & fear_high, ~crime_high & fear_high, crime_high & ~fear_high]
    names = ["both_high", "fear_only", "crime_only"]
    right = pd.Series(np.select(cases, names, "both_low"), rate.index)
    verdict = tables["fear_gap"].set_index("colonia_id")["verdict"]
    told = verdict[verdict.isin([*names, "both_low"])]
    return {
        "told": len(told),
        "right": round(float((told == right.reindex(told.index)).mean()), 3),
    }


def priorities(tables, truth) -> dict[str, int]:
    shift = tables["priority_shift"].set_index("colonia_id")
    rate = truth["crimes"]["total"] / truth["people"].where(truth["people"] > 0)
    first = rate.sort_values(ascending=False).index[: int(shift["in_after"].sum())]
    return {
        "listed": len(first),
        "true_among_recorded": int(shift["in_before"].reindex(first).sum()),
        "true_among_probable": int(shift["in_after"].reindex(first).sum()),
    }


def feedback(found, folder: Path) -> dict[str, float]:
    """Return how much more patrols discover in the programme: found, its ends, and planted."""
    rows = found["feedback"].set_index(["measure", "group"])
    ratio = rows.loc[("programme_ratio", "other"), ["value", "lower", "upper"]]
    share = pd.read_parquet(folder / "truth" / "discovery.parquet")
    share = share[share["month"] >= "2025-01-01"].groupby("colonia_id")["discovered_share"].mean()
    programme = pd.read_parquet(folder / "truth" / "colonias.parquet").set_index("colonia_id")
    inside = programme["stage"].reindex(share.index) > 0
    planted = share[inside].mean() / share[~inside].mean()
    value, lower, upper = ratio.astype(float).round(3)
    return {
        "found": value,
        "planted": round(float(planted), 3),
        "within": float(lower <= planted <= upper),
    }


def error(away: pd.Series, known: pd.Series) -> float:
    return round(float(np.sqrt((away[known] ** 2).mean())), 4)


def made(folder: Path, seed: int = DEMO_SEED) -> Path:
    """Make the demo of a seed, up to the tables that an edition is made of."""
    opened = open_workbench(make_demo(folder, seed=seed))
    for step in (collect, clean, locate, classify, tabulate):
        step(opened)
    return folder


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or range(DEMO_SEED, DEMO_SEED + CITIES))
