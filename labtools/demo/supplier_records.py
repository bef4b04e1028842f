"""Files of events, with the faults that suppliers' files have."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from labtools.demo.chance import generator
from labtools.demo.city import City
from labtools.demo.events import CALLS, OFFENCES, REPORTS
from labtools.demo.ground import HALF_HEIGHT, HALF_WIDTH, centre_point, degrees
from labtools.demo.kinds import kinds
from labtools.demo.names import BOROUGHS, without_accents, written_names
from labtools.demo.narratives import narratives
from labtools.demo.origins import how_known

# Shares of case files whose place is wrong, each in its own way; the others are right.
WRONG_PLACES = {"zero": 0.003, "empty": 0.003, "outside": 0.002, "pile": 0.010}
DUPLICATED_SHARE = 0.003
LONG_DATE_SHARE, LONG_HOUR_SHARE = 0.30, 0.10
OLD_WIDTH, OLD_SYSTEM_UNTIL = 60, "2021-03-01"  # the system until then cut names of crimes
NO_COLONIA_SHARE = 0.02
MEN_SHARE, NO_AGE_SHARE = 0.86, 0.01  # of those detained
OUTCOMES = ("Atendido", "En proceso", "Duplicado", "Cancelado")


def write_case_files(city: City, path: Path) -> None:
    """Write the prosecutor's case files (CSV, UTF-8)."""
    rng, events = generator(city.seed, "case_file_quirks"), city.case_files
    colonias = city.people.colonias.iloc[events["colonia"]]
    place = _wrong_places(len(events), rng)
    latitude, longitude = _case_file_coordinates(city, place, rng)
    table = pd.DataFrame({"folio": events["folio"]})
    borough = np.array([without_accents(name).upper() for name in BOROUGHS])
    table["delegacion_hecho"] = np.where(
        place == "outside", "", borough[colonias["borough"].to_numpy()]
    )
    table["colonia"] = _case_file_colonias(colonias["name"].to_numpy(), place, rng)
    table["latitud"], table["longitud"] = latitude, longitude
    table["delito"] = _crimes_as_typed(events)
    table["fecha_hecho"], table["hora_hecho"] = _dates_and_hours(events["at"], rng)
    table["fecha_inicio"] = events["opened"].dt.strftime("%Y-%m-%d")
    table["narrativa"] = narratives(events["kind"].to_numpy(), rng)
    table["origen"] = how_known(city)
    again = rng.choice(len(table), round(DUPLICATED_SHARE * len(table)), replace=False)
    order = np.sort(np.concatenate([np.arange(len(table)), again]))
    table.iloc[order].to_csv(path, index=False, lineterminator="\n")


def write_calls(city: City, path: Path) -> None:
    """Write the 9-1-1 calls (semicolons, Latin-1)."""
    rng, events = generator(city.seed, "call_quirks"), city.leading["calls_911"]
    names = city.people.colonias["name"].to_numpy()[events["colonia"]]
    latitude, longitude = _coordinates(events, missing=0.05, rng=rng)
    table = pd.DataFrame({"FOLIO": events["folio"]})
    table["FECHA"] = events["at"].dt.strftime("%d/%m/%Y")
    table["HORA"] = events["at"].dt.strftime("%H:%M:%S")
    table["TIPO"] = np.array([kind[0] for kind in CALLS])[events["kind"]]
    table["SUBTIPO"] = np.array([kind[1] for kind in CALLS])[events["kind"]]
    table["LATITUD"], table["LONGITUD"] = latitude, longitude
    table["COLONIA"] = written_names(names, mess=0.45, unknown=0.015, rng=rng)
    table.to_csv(path, index=False, sep=";", encoding="latin-1", lineterminator="\r\n")


def write_offences(city: City, path: Path) -> None:
    """Write the civic offences (a workbook with two title rows and true dates)."""
    rng, events = generator(city.seed, "offence_quirks"), city.leading["civic_offences"]
    colonias = city.people.colonias.iloc[events["colonia"]]
    written = written_names(colonias["name"].to_numpy(), mess=0.6, unknown=0.02, rng=rng)
    borough = np.array(BOROUGHS)[colonias["borough"]].tolist()
    age = np.clip(rng.gamma(9, 3.4, len(events)), 12, 85).astype(int)
    man, untold = rng.random(len(events)) < MEN_SHARE, rng.random(len(events)) < NO_AGE_SHARE
    options = {"constant_memory": True, "default_date_format": "dd/mm/yyyy"}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": dt.datetime(2026, 1, 5)})  # noqa: DTZ001 - as Excel has it
        sheet = book.add_worksheet("Faltas")
        sheet.write_row(0, 0, ["Juzgado Cívico Municipal. Registro de faltas administrativas"])
        sheet.write_row(1, 0, ["Periodo: enero de 2020 a diciembre de 2025"])
        header = ["FECHA", "HORA", "FALTA", "COLONIA", "DELEGACION", "SEXO", "EDAD"]
        sheet.write_row(2, 0, header)
        for k, (at, kind) in enumerate(zip(events["at"], events["kind"], strict=True)):
            row = k + 3
            sheet.write_datetime(row, 0, at.normalize().to_pydatetime())
            sheet.write_string(row, 1, at.strftime("%H:%M"))
            sheet.write_string(row, 2, OFFENCES[kind][1])
            sheet.write_string(row, 3, written[k])
            sheet.write_string(row, 4, borough[k])
            sheet.write_string(row, 5, "H" if man[k] else "M")
            if not untold[k]:
                sheet.write_number(row, 6, int(age[k]))


def write_reports(city: City, path: Path) -> None:
    """Write the citizens' reports to 070 (CSV, UTF-8 with its mark)."""
    rng, events = generator(city.seed, "report_quirks"), city.leading["reports_070"]
    colonias = city.people.colonias.iloc[events["colonia"]]
    latitude, longitude = _coordinates(events, missing=0.06, rng=rng)
    table = pd.DataFrame({"Folio": events["folio"]})
    table["Fecha"] = events["at"].dt.strftime("%Y-%m-%d %H:%M:%S")
    table["Asunto"] = np.array([kind[1] for kind in REPORTS])[events["kind"]]
    table["Colonia"] = written_names(colonias["name"].to_numpy(), mess=0.5, unknown=0.01, rng=rng)
    table["Delegación"] = np.array(BOROUGHS)[colonias["borough"]]
    table["Latitud"], table["Longitud"] = latitude, longitude
    table["Estatus"] = rng.choice(OUTCOMES, len(events), p=(0.74, 0.16, 0.06, 0.04))
    table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def _wrong_places(n: int, rng: np.random.Generator) -> np.ndarray:
    faults = [*WRONG_PLACES, ""]
    return rng.choice(faults, n, p=[*WRONG_PLACES.values(), 1 - sum(WRONG_PLACES.values())])


def _case_file_coordinates(
    city: City, place: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    events = city.case_files
    angle, far = rng.uniform(0, 2 * np.pi, len(place)), rng.uniform(1.25, 1.7, len(place))
    outside = place == "outside"
    middle = centre_point()
    x = np.where(outside, middle[0] + HALF_WIDTH * far * np.cos(angle), events["x"])
    y = np.where(outside, middle[1] + HALF_HEIGHT * far * np.sin(angle), events["y"])
    longitude, latitude = degrees(x, y)
    written = []
    for degree, office in ((latitude, city.office[1]), (longitude, city.office[0])):
        text = np.char.mod("%.6f", degree)
        text = np.where(place == "pile", f"{office:.6f}", text)
        text = np.where(place == "zero", "0", text)
        written.append(np.where(place == "empty", "", text))
    return written[0], written[1]


def _case_file_colonias(
    names: np.ndarray, place: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Written with some care; left empty now and then where the coordinates say it all."""
    written = np.array(written_names(names, mess=0.25, unknown=0.0, rng=rng))
    blank = (rng.random(len(names)) < NO_COLONIA_SHARE) & (place == "")
    return np.where(blank | (place == "outside"), "", written)


def _crimes_as_typed(events: pd.DataFrame) -> np.ndarray:
    names = np.array([kind.name for kind in kinds()])[events["kind"]]
    cut = np.array([name[:OLD_WIDTH] for name in names])
    return np.where(events["opened"] < OLD_SYSTEM_UNTIL, cut, names)


def _dates_and_hours(at: pd.Series, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    hour = at.dt.strftime("%H:%M:%S").to_numpy()
    date = at.dt.strftime("%Y-%m-%d").to_numpy()
    long_date = rng.random(len(at)) < LONG_DATE_SHARE
    long_hour = rng.random(len(at)) < LONG_HOUR_SHARE
    return np.where(long_date, date + " " + hour, date), np.where(long_hour, hour + ":00", hour)


def _coordinates(
    events: pd.DataFrame, *, missing: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    longitude, latitude = degrees(events["x"].to_numpy(), events["y"].to_numpy())
    lost = rng.random(len(events)) < missing
    return (
        np.where(lost, "", np.char.mod("%.6f", latitude)),
        np.where(lost, "", np.char.mod("%.6f", longitude)),
    )
