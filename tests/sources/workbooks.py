"""Workbooks as INEGI lays them out, small enough to make in a test."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import xlsxwriter

from tests.sources.supplied import intake

ENSU = {"kind": "ensu_workbook", "file": {"format": "zip_xlsx"}}
TITLE = (
    "Población de 18 años y más por ciudad de interés, según características de la percepción "
    "de seguridad pública. Septiembre 2024"
)
ENVIPE = {"kind": "survey_tables", "file": {"format": "xlsx"}}
Z90 = 1.6448536269514722  # standard normal, 95th percentile


def ensu(folder, rows, *, title=TITLE, index="Índice", member="1.1_percepcion.xlsx", fills=()):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.add_worksheet(index).write_row(0, 0, ["1.1", title])
        sheet = book.add_worksheet("1.1")
        colours = dict(fills)
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
            if at in colours:
                sheet.write(at, 3, row[3], book.add_format({"bg_color": colours[at]}))
    path = folder / "ensu.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"carpeta/{member}", buffer.getvalue())
    return intake(path, ENSU, source="ensu")


def estimate(value, error):
    """Return the five figures of an estimate: itself, its error, its limits and coefficient."""
    return [value, error, value - Z90 * error, value + Z90 * error, 100 * error / value]


def one_table(folder, figures):
    """Write one table of ENVIPE's estimates, without a total, and a note below it."""
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "2024"
    sheet["B5"] = "4.11 ¿…?"
    for column, word in enumerate(("Estimación", "Error estándar", "90% de intervalo", "", "CV")):
        sheet.cell(6, 4 + column, word or None)
    sheet.cell(7, 6, "Inferior")
    sheet.cell(7, 7, "Superior")
    sheet.cell(8, 2, "Nombre de la entidad")
    for row, figure in enumerate(figures, start=8):
        sheet.cell(row, 3, f"Estado {row}")
        told = estimate(figure, figure / 10) if isinstance(figure, int) else [figure]
        for column, value in enumerate(told, start=4):
            sheet.cell(row, column, value)
    sheet.cell(9 + len(figures), 2, "Fuente: INEGI.")
    path = folder / "envipe.xlsx"
    made.save(path)
    return intake(path, ENVIPE)
