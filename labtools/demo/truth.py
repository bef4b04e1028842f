"""The truth about the municipality, in files: what a method's answer is checked against."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from labtools.demo.city import City
from labtools.demo.events import LEADS
from labtools.demo.history import SHAPE
from labtools.demo.intensity import EFFECTS, MEMORY, MONTHS, N_MONTHS, WANDERING_SD
from labtools.demo.kinds import GROUPS, STREET, group_reporting, kinds
from labtools.demo.names import BOROUGHS
from labtools.demo.origins import ELSEWHERE, IN_PROGRAMME, discovery_truth
from labtools.demo.programme import AFFECTED, FULL_EFFECT, NEVER, RAMP_MONTHS, SPILLOVER, STAGES
from labtools.demo.surveys import OPENED, WAVES


def write_truth(city: City, folder: Path) -> None:
    """Write the truth in ``folder/truth``: tables in Parquet, known numbers in JSON.

    ``intensity`` and ``programme`` are by colonia and month, ``reporting`` by colonia and
    group, ``discovery`` what patrols discovered by colonia and month, ``colonias`` and
    ``survey`` by colonia, ``city_insecurity`` by month, and ``locations`` gives the true colonia
    of each numbered record.
    """
    home = folder / "truth"
    home.mkdir(parents=True, exist_ok=True)
    tables = {
        "colonias": colonias_truth(city),
        "intensity": intensity_truth(city),
        "reporting": reporting_truth(city),
        "discovery": discovery_truth(city),
        "programme": programme_truth(city),
        "survey": survey_truth(city),
        "city_insecurity": pd.DataFrame({"month": MONTHS, "share_insecure": city.fear.city}),
        "locations": locations_truth(city),
    }
    for name, table in tables.items():
        table.to_parquet(home / f"{name}.parquet", index=False)
    content = json.dumps(known_numbers(city), ensure_ascii=False, indent=2)
    (home / "known_numbers.json").write_text(content + "\n", encoding="utf-8")


def colonias_truth(city: City) -> pd.DataFrame:
    """Return who lives in each colonia, its covariates and its stage in the programme."""
    table = city.people.colonias.copy()
    table["borough"] = np.array(BOROUGHS)[table["borough"]]
    table["exposure"] = city.people.exposure
    table["reporting_probability"] = city.latent.reporting
    table["stage"] = city.history.programme.stage
    return table


def intensity_truth(city: City) -> pd.DataFrame:
    """Return expected and drawn crimes by colonia, month and group.

    Columns: ``expected_true`` (crimes), ``expected_without_programme`` (had there been none,
    neither effect nor displacement), ``expected_recorded`` (case files), ``true`` and
    ``recorded`` (those that happened).
    """
    expected = np.exp(city.history.log_true[:, :N_MONTHS])
    table = _by_month_and_group(city)
    table["expected_true"] = expected.ravel()
    table["expected_without_programme"] = np.exp(city.latent.log_true[:, :N_MONTHS]).ravel()
    table["expected_recorded"] = (expected * city.latent.recorded_share[:, None, :]).ravel()
    table["true"] = city.history.true.ravel()
    table["recorded"] = city.history.recorded.ravel()
    return table


def reporting_truth(city: City) -> pd.DataFrame:
    """Return the probability that a crime becomes a case file, by colonia and group."""
    ids = city.people.colonias["colonia_id"].to_numpy()
    table = pd.DataFrame({"colonia_id": np.repeat(ids, len(GROUPS))})
    table["group"] = np.tile(GROUPS, len(ids))
    table["probability"] = city.latent.recorded_share.ravel()
    return table


def programme_truth(city: City) -> pd.DataFrame:
    """Return, by colonia and month, who was in and what was added to the log intensity."""
    programme = city.history.programme
    first = programme.first_month[:, None]
    ids = city.people.colonias["colonia_id"].to_numpy()
    table = pd.DataFrame({"colonia_id": np.repeat(ids, N_MONTHS)})
    table["month"] = np.tile(MONTHS, len(ids))
    table["in_programme"] = ((first != NEVER) & (np.arange(N_MONTHS) >= first)).ravel()
    table["effect_log"] = programme.effect[:, :N_MONTHS].ravel()
    table["displacement_log"] = programme.displacement[:, :N_MONTHS].ravel()
    return table


def survey_truth(city: City) -> pd.DataFrame:
    """Return the true share of adults who feel insecure, by colonia and wave."""
    at = [int(MONTHS.get_loc(f"{wave}-01")) for wave in WAVES]
    ids = city.people.colonias["colonia_id"].to_numpy()
    table = pd.DataFrame({"colonia_id": np.repeat(ids, len(WAVES))})
    table["wave"] = np.tile(WAVES, len(ids))
    table["share_insecure"] = city.fear.share[:, at].ravel()
    return table


def locations_truth(city: City) -> pd.DataFrame:
    """Return the colonia in which each numbered record truly happened."""
    ids = city.people.colonias["colonia_id"].to_numpy()
    sources = {"case_files": city.case_files}
    sources |= {name: city.leading[name] for name in ("calls_911", "reports_070")}
    return pd.concat(
        [
            pd.DataFrame(
                {"source": name, "folio": events["folio"], "colonia_id": ids[events["colonia"]]}
            )
            for name, events in sources.items()
        ],
        ignore_index=True,
    )


def known_numbers(city: City) -> dict[str, object]:
    """Return the parameters behind the tables."""
    return {
        "seed": city.seed,
        "population": int(city.people.colonias["population"].sum()),
        "covariate_effects_log": {
            group: dict(zip(("marginality", "young_men", "commerce"), effects, strict=True))
            for group, effects in EFFECTS.items()
        },
        "autoregression": MEMORY,
        "autoregression_sd": WANDERING_SD,
        "negative_binomial_shape": SHAPE,
        "group_reporting_factor": dict(zip(GROUPS, group_reporting().tolist(), strict=True)),
        "kind_reporting_factor": {kind.name: kind.reporting for kind in kinds()},
        "opened_of_denounced": OPENED,
        "discovered_by_patrols": {"elsewhere": ELSEWHERE, "in_programme": IN_PROGRAMME},
        "programme": {
            "stages": [{"start": start, "colonias": n} for start, n in STAGES],
            "full_effect_log": FULL_EFFECT,
            "displacement_log": SPILLOVER,
            "ramp_months": RAMP_MONTHS,
            "affected_groups": list(AFFECTED),
        },
        "leading": {
            "ahead_of": list(STREET),
            "records": {
                name: {"lead_months": lead.months, "log_coefficient": lead.coefficient}
                for name, lead in LEADS.items()
            },
        },
        "default_point": {"longitude": city.office[0], "latitude": city.office[1]},
    }


def _by_month_and_group(city: City) -> pd.DataFrame:
    ids = city.people.colonias["colonia_id"].to_numpy()
    table = pd.DataFrame({"colonia_id": np.repeat(ids, N_MONTHS * len(GROUPS))})
    table["month"] = np.tile(np.repeat(MONTHS, len(GROUPS)), len(ids))
    table["group"] = np.tile(GROUPS, len(ids) * N_MONTHS)
    return table
