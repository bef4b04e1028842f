"""What to do where, of an edition: needs, proposals, gaps, portfolio, and what could be seen.

The public edition takes for needs only what is public already (census, surveys as released,
protected counts), and proposes with the same functions; portfolio and power are internal.
"""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.tables.contracts import check_table, empty_table
from labtools.targeting.action_log import gaps_table, read_log
from labtools.targeting.catalogue import read_agencies, read_interventions, read_taxonomies
from labtools.targeting.effects import effect_draws
from labtools.targeting.matching import proposals_table, with_crimes_fewer
from labtools.targeting.meeting import agreement_table, named_first
from labtools.targeting.needs import CRIME, FEAR, comparable_colonias, needs_table
from labtools.targeting.own_evidence import with_own_evidence
from labtools.targeting.signs import interval_draws, rate_draws, share_draws, survey_draws
from labtools.workflow.entry import entry_tables
from labtools.workflow.fairness import fairness_tables
from labtools.workflow.known import DRAWS, Known
from labtools.workflow.portfolio import (
    harm_of,
    portfolio_tables,
    priced_actions,
    recorded_crimes,
)
from labtools.workflow.power import power_table

_STREAM = 8


def targeting_tables(known: Known) -> dict[str, pd.DataFrame]:
    """Return the tables of targeting of an edition."""
    rng = np.random.default_rng([known.settings.lab.seed, int(known.edition.is_public), _STREAM])
    own = known.edition.references
    agencies, taxonomies = read_agencies(own), read_taxonomies(own)
    catalogue = with_own_evidence(
        read_interventions(own), known.results["evaluation_facts"], known.edition.window.end
    )
    effects = {
        outcome: effect_draws(catalogue.proposable(), outcome, size=DRAWS, rng=rng)
        for outcome in ("crime", "fear")
    }
    # Each step that is kept has a stream of its own: what follows draws the same beside it.
    of_needs, of_power = rng.spawn(2)
    needs = known.keep("needs", [], lambda it: {"needs": _needs(it, of_needs)})["needs"]
    log = read_log(known.results["actions_done"], taxonomies, agencies)
    offered = catalogue.for_the_public() if known.edition.is_public else catalogue
    proposals = proposals_table(needs, offered, agencies, log, effects)
    crimes = recorded_crimes(known, rng) if len(known.processed["quarters"]) else {}
    told = with_crimes_fewer(proposals, catalogue, effects["crime"], crimes)
    tables = {"proposals": _filled("proposals", told)}
    if known.edition.is_public:
        return tables
    shown = known.results["colonias_shown"]
    entered = pd.Index(shown.loc[shown["entered_on"].notna(), "colonia_id"])
    tables["needs"] = check_table("needs", needs)
    tables["network_agreement"] = _filled(
        "network_agreement",
        known.keep("agreement", [needs], lambda it: _agreement(it, needs))["agreement"],
    )
    tables["action_gaps"] = _filled("action_gaps", gaps_table(needs, log, entered))
    harm = cache(lambda: known.keep("harm", [*crimes.values()], lambda it: harm_of(it, crimes)))
    tables |= portfolio_tables(known, effects, tables["proposals"], harm, rng)
    tables |= fairness_tables(known, tables["portfolio"])
    tables |= entry_tables(known, harm)
    priced = priced_actions(known.settings.targeting, own)
    tables |= known.keep(
        "power",
        [repr(priced), *effects.values()],
        lambda it: {"roll_out_power": power_table(it, effects, priced, of_power)},
    )
    return tables


def _needs(known: Known, rng: np.random.Generator) -> pd.DataFrame:
    withheld = known.edition.withheld if known.edition.is_public else frozenset()
    comparables = _comparables(known)
    if comparables is None:
        return empty_table("needs")
    signs = {name: table.astype(float) for name, table in _signs(known, rng).items()}
    for table in signs.values():
        table.loc[:, table.columns.isin(withheld)] = np.nan
    asked = None if known.edition.is_public else named_first(_answers(known))
    return needs_table(signs, comparables, read_taxonomies(known.edition.references), asked)


def _agreement(known: Known, needs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {"agreement": agreement_table(_answers(known), needs)}


def _answers(known: Known) -> pd.DataFrame:
    """Return what networks answered in the year of the edition."""
    answers, window = known.processed["network_answers"], known.edition.window
    return answers[answers["held_on"].between(window.start, window.end, "left")]


def _comparables(known: Known) -> pd.DataFrame | None:
    """Return each colonia's comparables: residents, density and census; None if there are few."""
    colonias = gpd.GeoDataFrame(known.processed["colonias"])
    area = colonias.to_crs(known.settings.lab.crs).area.to_numpy() / 1e6
    people = known.people.where(known.people > 0)
    census = known.results["indicators"].pivot_table(
        index="colonia_id", columns="indicator", values="value"
    )
    traits = pd.DataFrame({"people": people, "density": people / area})
    joined = traits.join(census[[c for c in ("young_men",) if c in census.columns]])
    try:
        return comparable_colonias(joined)
    except AnalysisError:
        return None


def _signs(known: Known, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    people, found = known.people, {}
    indicators = known.results["indicators"]
    for name, rows in indicators[indicators["unit"] == "%"].groupby("indicator"):
        share = rows.set_index("colonia_id")["value"].reindex(people.index) / 100
        found[str(name)] = share_draws(share, people, size=DRAWS, rng=rng)
    if not known.edition.is_public:
        found |= _counted(known, rng)
    for name in ("insecurity", "cohesion"):
        told = survey_draws(known.results["perception"], name, known.boroughs, size=DRAWS, rng=rng)
        if told is not None:
            found[FEAR if name == "insecurity" else name] = told
    total = known.results["crime"].query("group == 'total'").set_index("colonia_id")
    limits = total[["smoothed_lower", "smoothed_upper"]].set_axis(["lower", "upper"], axis=1)
    found[CRIME] = interval_draws(limits.reindex(people.index), size=DRAWS, rng=rng)
    return found


def _counted(known: Known, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Return draws of reports and offences per resident: not public, so not in that edition."""
    panel, window = known.processed["panel"], known.edition.window
    recent = panel[(panel["month"] >= window.start) & (panel["month"] < window.end)]
    found = {}
    for kind in ("citizen_report", "civic_offence"):
        counts = recent[recent["record_type"] == kind].groupby("colonia_id")["events"].sum()
        if len(counts):
            events = counts.reindex(known.people.index).astype(float)
            found[kind] = rate_draws(events, known.people, size=DRAWS, rng=rng)
    return found


def _filled(name: str, table: pd.DataFrame) -> pd.DataFrame:
    return check_table(name, table.reset_index(drop=True)) if len(table) else empty_table(name)
