"""Workbenches on publishers' real files: the settings a lab would write for them."""

from pathlib import Path

from labtools.paths import Workbench
from labtools.privacy.keys import make_key
from labtools.workflow.everything import run_everything
from labtools.workflow.intake import PSEUDONYM_KEY
from labtools.workflow.prepared import ROUNDING_KEY
from labtools.workflow.steps import open_workbench

MILPA_ALTA = "MILPA ALTA"
CDMX = """
[lab]
name = "Laboratorio (prueba con datos reales)"
municipality = "Ciudad de México"
municipality_id = "09"
seed = 7

[colonias]
path = "{data}/cdmx/colonias_iecm.gpkg"
descriptor = "colonias_iecm"
cutoff = "2022-01-01"

[fichas]
select = "borough"
borough = "{borough}"

# All quarters of 1,814 colonias in one model take many minutes; these tests are about the records.
[risk]
surface = "global"

[[source]]
name = "carpetas"
descriptor = "case_files_fgj_cdmx"
path = "{data}/cdmx/carpetas_fgj_2019_2023.csv.gz"
first_day = "2019-01-01"
cutoff = "2023-12-31"
"""

QUERETARO = """
[lab]
name = "Laboratorio (prueba con datos reales)"
municipality = "Querétaro"
municipality_id = "22014"
seed = 7

[colonias]
path = "{data}/queretaro/colonias_imc2020.geojson"
descriptor = "colonias_conapo_2020"
cutoff = "2020-12-31"
where = {{ CVE_COL = "22014_*" }}

[fichas]
select = "programme"

[[source]]
name = "programa"
descriptor = "programme_list"
path = "programa_colonias.csv"
cutoff = "2025-06-30"

[[source]]
name = "ageb"
descriptor = "ageb_inegi"
path = "{data}/queretaro/ageb_22.geojson"
cutoff = "2020-03-15"
columns = {{ id = "cvegeo" }}
where = {{ cve_agem = "014" }}

[[source]]
name = "censo_2020"
descriptor = "census_inegi_2020"
path = "{data}/queretaro/RESAGEBURB_22CSV20.csv.bz2"
cutoff = "2020-03-15"
columns = {{ entity = "cve_ent", municipality = "cve_mun", locality = "cve_loc" }}
tokens = {{ NA = "confidential" }}
where = {{ cve_mun = "014" }}

[[source]]
name = "sesnsp"
descriptor = "sesnsp_state_victims"
path = "{data}/sesnsp/db_victimas_delitos_ent_long.csv.bz2"
cutoff = "2025-06-30"
where = {{ cve_ent = "22" }}
"""

ENSU = """
[[source]]
name = "ensu_{quarter}"
descriptor = "ensu_inegi_workbook"
path = "{data}/ensu/estimaciones/ensu{quarter}_estimaciones.zip"
cutoff = "2025-07-31"
"""

PROGRAMME = """cve_col,colonia,fecha_alta,fecha_baja,etapa
22014_0586,La Sierrita,2024-01-15,,ampliación
22014_1135,San Miguelito,2024-01-15,,ampliación
"""
QUARTERS = ("2t2019", "4t2021", "3t2024", "4t2024", "1t2025", "2t2025")


def write_cdmx(folder: Path, data: Path, borough: str = "COYOACAN") -> None:
    """Write the settings of the Mexico City workbench."""
    (folder / "lab.toml").write_text(CDMX.format(data=data, borough=borough), encoding="utf-8")


def write_queretaro(folder: Path, data: Path) -> None:
    """Write the settings and the programme list of the Querétaro workbench."""
    ensu = "".join(ENSU.format(data=data, quarter=quarter) for quarter in QUARTERS)
    told = QUERETARO.format(data=data) + ensu
    (folder / "lab.toml").write_text(told, encoding="utf-8")
    (folder / "programa_colonias.csv").write_text(PROGRAMME, encoding="utf-8")


def run(folder: Path) -> Workbench:
    """Run the workbench whose settings are in a folder."""
    workbench = Workbench(folder)
    for name in (PSEUDONYM_KEY, ROUNDING_KEY):
        make_key(workbench.secrets, name)
    run_everything(open_workbench(workbench))
    return workbench


def made_cdmx(folder: Path, data: Path, borough: str) -> Workbench:
    """Make the Mexico City workbench, and run it."""
    folder.mkdir()
    write_cdmx(folder, data, borough=borough)
    return run(folder)
