"""Files of tables: the national count, the surveys and the programme's register."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from labtools.demo.chance import generator
from labtools.demo.city import City
from labtools.demo.kinds import kinds, titles
from labtools.demo.names import BOROUGHS, MUNICIPALITY, STATE
from labtools.demo.people import KEY
from labtools.demo.programme import ACTIONS, STAGES

YEARS = range(2020, 2026)
MONTH_NAMES = (
    *("Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio"),
    *("Julio", "Agosto", "Septiembre", "Octubre", "Noviembre", "Diciembre"),
)
# Two more municipalities of the same state: key, name and size compared with this one.
NEIGHBOURS = (("99002", "Villa Hermosa del Río", 0.34), ("99003", "Peñascos de Abasto", 0.12))


# Meetings of citizens' networks; factors of the official list; how far a table disagrees.
MEETINGS, N_FACTORS, AT_THE_TABLE = 24, 8, 0.5


def write_national_count(city: City, path: Path) -> None:
    """Write the national count by municipality (SESNSP's layout, Latin-1).

    It counts case files in the month in which they were *opened*, as the original does.
    """
    rng = generator(city.seed, "national")
    here = national_counts(city)
    tables = [_national_rows(here, KEY, MUNICIPALITY)]
    for key, name, size in NEIGHBOURS:
        tables.append(_national_rows(rng.poisson(size * here), key, name))
    table = pd.concat(tables).sort_values(["Año", "Cve. Municipio"], kind="stable")
    table.to_csv(path, index=False, encoding="latin-1", lineterminator="\r\n")


def national_counts(city: City) -> np.ndarray:
    """Return the case files opened here by title of the national count, year and month.

    The shape is (n_titles, 6, 12), in the order of :func:`labtools.demo.kinds.titles`.
    """
    place = {title: k for k, title in enumerate(titles())}
    title = np.array([place[kind.title] for kind in kinds()])[city.case_files["kind"]]
    opened = city.case_files["opened"].dt
    counts = np.zeros((len(place), len(YEARS), 12), dtype=int)
    np.add.at(counts, (title, opened.year - YEARS[0], opened.month - 1), 1)
    return counts


def write_survey(city: City, path: Path) -> None:
    """Write the perception survey (CSV, UTF-8 with its mark; answers coded)."""
    persons, colonias = city.interviews, city.people.colonias
    home = colonias.iloc[persons["colonia"]]
    table = pd.DataFrame({"FOLIO": np.arange(1, len(persons) + 1)})
    table["OLEADA"] = persons["wave"]
    table["CVE_COL"] = home["colonia_id"].to_numpy()
    table["DELEGACION"] = np.array(BOROUGHS)[home["borough"]]
    table["EST_DIS"] = persons["stratum"].map("{:03d}".format)
    table["UPM_DIS"] = (persons["block"] + 1).map("{:05d}".format)
    table["FAC_SEL"] = persons["weight"]
    table["EDAD"] = persons["age"]
    table["SEXO"] = np.where(persons["woman"], 2, 1)
    answers = sorted(name for name in persons.columns if name.startswith("BP"))
    for name in [*answers, "COHESION", "VICTIMA", "DENUNCIO", "CARPETA"]:
        table[name] = persons[name]
    table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def write_city_series(city: City, path: Path) -> None:
    """Write the quarterly share of the city that feels insecure, with its CV (per cent)."""
    table = pd.DataFrame({"trimestre": city.quarterly["quarter"]})
    table["ciudad"] = MUNICIPALITY
    table["indicador"] = "inseguridad"
    table["porcentaje"] = city.quarterly["estimate"]
    table["cv"] = city.quarterly["cv"]
    table.to_csv(path, index=False, lineterminator="\n")


def write_programme(city: City, path: Path) -> None:
    """Write the register of colonias in the programme."""
    stage = city.history.programme.stage
    member = np.flatnonzero(stage)
    member = member[np.argsort(stage[member], kind="stable")]
    colonias = city.people.colonias.iloc[member]
    table = pd.DataFrame({"cve_col": colonias["colonia_id"], "colonia": colonias["name"]})
    table["fecha_alta"] = [STAGES[number - 1][0] for number in stage[member]]
    table["fecha_baja"] = ""
    table["etapa"] = stage[member]
    table.to_csv(path, index=False, lineterminator="\n")


def write_actions(city: City, path: Path) -> None:
    """Write the log of the programme's actions."""
    actions = city.actions
    colonias = city.people.colonias.iloc[actions["colonia"]]
    kind, agency, unit = (
        np.array([each[k] for each in ACTIONS])[actions["kind"]] for k in range(3)
    )
    table = pd.DataFrame({"id": [f"ACC-{k + 1:05d}" for k in range(len(actions))]})
    table["fecha"] = actions["date"].dt.strftime("%Y-%m-%d")
    table["cve_col"] = colonias["colonia_id"].to_numpy()
    table["colonia"] = colonias["name"].to_numpy()
    table["tipo"], table["dependencia"] = kind, agency
    table["dosis"], table["unidad"] = actions["dose"], unit
    table["costo"] = actions["cost"]
    table.to_csv(path, index=False, lineterminator="\n")


def write_meetings(city: City, path: Path) -> None:
    """Write what citizens' networks answered: some colonias of the programme, a meeting each.

    Every place at the table orders its three most needed factors; those of one colonia agree
    more than chance.
    """
    rng = generator(city.seed, "meetings")
    member = np.flatnonzero(city.history.programme.stage)
    rows = []
    for at in np.sort(rng.choice(member, MEETINGS, replace=False)):
        key = city.people.colonias["colonia_id"].iloc[at]
        wanted = rng.normal(size=N_FACTORS)
        day = f"2025-{rng.integers(2, 12):02d}-{rng.integers(1, 28):02d}"
        for place in range(1, 1 + int(rng.integers(6, 15))):
            felt = wanted + AT_THE_TABLE * rng.gumbel(size=N_FACTORS)
            for rank, factor in enumerate(np.argsort(-felt)[:3], start=1):
                rows.append((key, day, place, factor + 1, rank))
    columns = ["colonia_id", "meeting", "participant", "need", "rank"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False, lineterminator="\n")


def _national_rows(counts: np.ndarray, key: str, name: str) -> pd.DataFrame:
    rows = []
    for year_at, year in enumerate(YEARS):
        for title_at, title in enumerate(titles()):
            months = counts[title_at, year_at].tolist()
            rows.append((year, key[:2], STATE, key, name, *title, *months))
    columns = ["Año", "Clave_Ent", "Entidad", "Cve. Municipio", "Municipio"]
    columns += ["Bien jurídico afectado", "Tipo de delito", "Subtipo de delito", "Modalidad"]
    return pd.DataFrame(rows, columns=[*columns, *MONTH_NAMES])
