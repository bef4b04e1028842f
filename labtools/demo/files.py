"""The files of the municipality, as its suppliers would send them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from labtools.demo.city import City
from labtools.demo.premises import write_premises
from labtools.demo.supplier_places import write_agebs, write_census, write_colonias, write_names
from labtools.demo.supplier_records import (
    write_calls,
    write_case_files,
    write_offences,
    write_reports,
)
from labtools.demo.supplier_tables import (
    write_actions,
    write_city_series,
    write_meetings,
    write_national_count,
    write_programme,
    write_survey,
)

WRITERS: dict[str, Callable[[City, Path], None]] = {
    "colonias.geojson": write_colonias,
    "ageb.geojson": write_agebs,
    "RESAGEBURB_99CSV20.csv": write_census,
    "carpetas_investigacion.csv": write_case_files,
    "llamadas_911.csv": write_calls,
    "faltas_administrativas.xlsx": write_offences,
    "reportes_070.csv": write_reports,
    "IDM_NM.csv": write_national_count,
    "encuesta_percepcion.csv": write_survey,
    "ensu_ciudad.csv": write_city_series,
    "programa_colonias.csv": write_programme,
    "acciones_programa.csv": write_actions,
    "reuniones_red.csv": write_meetings,
    "nombres_colonias.csv": write_names,
    "denue.csv": write_premises,
}


def write_suppliers(city: City, folder: Path) -> None:
    """Write every supplier's file of `city` in `folder`, faults included.

    The same city gives the same bytes.  `folder` is made if it is not there; files with the
    same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in WRITERS.items():
        write(city, folder / name)
