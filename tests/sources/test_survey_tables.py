"""Workbooks of ENVIPE's estimates: tables are found by their columns, and must agree inside."""

import openpyxl
import pytest

from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.sources.survey_tables import clean_survey_tables
from labtools.tables.contracts import check_table
from tests.sources.supplied import intake
from tests.sources.workbooks import ENVIPE, estimate

#: Households that moved for fear, by state: estimate and standard error, invented.
STATES = {"Aguascalientes": (400, 40), "Querétaro": (600, 90)}


def book(folder, change=lambda _: None, name="2024"):
    """Write two tables side by side under merged headers, as INEGI lays them out."""
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = name
    sheet["B5"], sheet["K5"] = "4.11 ¿… cambiarse de vivienda?", "4.11 ¿… cambiarse de vivienda?"
    for at in (4, 13):
        for column, word in enumerate(
            ("Estimación", "Error estándar", "90% de intervalo", "", "CV")
        ):
            sheet.cell(6, at + column, word or None)
        sheet.cell(7, at + 2, "Inferior")
        sheet.cell(7, at + 3, "Superior")
        sheet.merge_cells(start_row=6, end_row=7, start_column=at, end_column=at)
    rows = [*STATES.items(), ("Total", (1000, 98))]
    for row, (state, (value, error)) in enumerate(rows, start=8):
        sheet.cell(row, 2, "Nombre de la entidad" if row == 8 else None)
        sheet.cell(row, 3, state)
        sheet.cell(row, 11, "Total de personas" if row == 8 else None)
        sheet.cell(row, 12, state)
        for column, figure in enumerate(estimate(value, error)):
            sheet.cell(row, 4 + column, figure)
            sheet.cell(row, 13 + column, figure if column == 4 else 3 * figure)
    change(sheet)
    path = folder / "envipe.xlsx"
    made.save(path)
    return intake(path, ENVIPE)


def test_both_tables_are_read_with_their_errors_domain_and_unit(tmp_path):
    found = clean_survey_tables(book(tmp_path))

    table = check_table("survey_estimates", found.tables["survey_estimates"])
    mine = table[table["category"] == "Querétaro"].set_index("unit")
    assert (found.account.read, found.account.kept) == (6, 6)
    assert set(table["domain"]) == {"Nombre de la entidad"}
    assert set(table["edition"]) == {2024}
    assert mine["estimate"].to_dict() == {"": 600, "Total de personas": 1800}
    assert mine["cv"].round(6).tolist() == [0.15, 0.15]
    assert found.findings == ()


def test_a_coefficient_that_does_not_follow_from_its_error_is_computed_anew_and_told(tmp_path):
    given = book(tmp_path, lambda sheet: sheet.__setitem__("H9", 0.15))

    found = clean_survey_tables(given)

    table = found.tables["survey_estimates"]
    assert table["cv"].round(6).tolist()[2:4] == [0.098, 0.1]
    assert table.query("category == 'Querétaro'")["cv"].round(6).tolist() == [0.15, 0.15]
    assert [finding.facts["place"] for finding in found.findings] == ["2024!9"]


def three_states(sheet, row, *written):
    """Add a state to both tables, above their total, and what INEGI wrote of it."""
    for column in (3, 12):
        sheet.cell(11, column, "Total")
        for at in range(5):
            sheet.cell(11, column + 1 + at, sheet.cell(10, column + 1 + at).value)
        states = [*STATES]
        states.insert(row - 8, "Zacatecas")
        figures = [estimate(*STATES[name]) if name in STATES else written for name in states]
        times = 1 if column == 3 else 3
        for at, (name, told) in enumerate(zip(states, figures, strict=True), start=8):
            sheet.cell(at, column, name)
            for more in range(5):
                figure = told[more] if more < len(told) else None
                many = times if more < 4 and not isinstance(figure, str | None) else 1
                sheet.cell(at, column + 1 + more).value = None if figure is None else figure * many


@pytest.mark.parametrize("row", [8, 9, 10])
@pytest.mark.parametrize("written", [("ND",) * 5, ("*",), ("n. d.", "", ""), ()])
def test_a_state_without_estimate_is_told_and_those_below_it_are_read(tmp_path, row, written):
    if not written and row == 8:
        written = ("–",)

    found = clean_survey_tables(book(tmp_path, lambda sheet: three_states(sheet, row, *written)))

    table = check_table("survey_estimates", found.tables["survey_estimates"])
    assert (found.account.read, found.account.kept) == (8, 6)
    assert dict(found.account.rejected) == {"no_estimate": 2}
    assert sorted(table["category"].unique()) == ["Aguascalientes", "Querétaro", "Total"]
    assert table.query("category == 'Querétaro'")["estimate"].tolist() == [600, 1800]
    assert set(table["domain"]) == {"Nombre de la entidad"}


def test_a_note_below_a_table_is_no_row_of_it(tmp_path):
    def noted(sheet):
        sheet["B11"] = "Fuente: INEGI."
        sheet["B12"] = "ND: no disponible."

    assert clean_survey_tables(book(tmp_path, noted)).account.read == 6


def test_limits_of_shares_are_held_against_their_own_width(tmp_path):
    """Of 38 % with an error of 0.5 points, a limit of 36.7 is not that of 90 %: 37.2 is."""

    def shares(sheet, lower):
        for row, figures in enumerate([(38, 0.5), (62, 0.5), (100, 0.5)], start=8):
            for column, figure in enumerate(estimate(*figures)):
                sheet.cell(row, 4 + column, figure)
        sheet["F8"] = lower

    right = clean_survey_tables(book(tmp_path, lambda sheet: shares(sheet, 37.2)))

    assert right.account.kept == 6
    with speaking("en"), pytest.raises(SourceError, match=r"2024!8 .*: the limits 36\.7 and"):
        clean_survey_tables(book(tmp_path, lambda sheet: shares(sheet, 36.7)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda sheet: sheet.__setitem__("F9", 10), r"2024!9 \(Querétaro\): the limits 10"),
        (lambda sheet: sheet.__setitem__("E9", None), r"2024!D9: an estimate lacks"),
        (lambda sheet: sheet.delete_rows(8), r"the total is 1,000 and its rows add up to 600"),
        (lambda sheet: sheet.__setitem__("D6", "Valor"), None),
    ],
)
def test_a_table_that_contradicts_itself_is_refused_with_the_place(tmp_path, change, told):
    given = book(tmp_path, change)

    if told is None:
        assert clean_survey_tables(given).account.read == 3
    else:
        with speaking("en"), pytest.raises(SourceError, match=told):
            clean_survey_tables(given)


def test_a_workbook_without_editions_or_tables_is_refused(tmp_path):
    with speaking("en"), pytest.raises(SourceError, match="none of its sheets bears the year"):
        clean_survey_tables(book(tmp_path, name="Hogar"))

    def without(sheet):
        sheet["D6"], sheet["M6"] = None, None

    with speaking("en"), pytest.raises(SourceError, match="there is no table with the columns"):
        clean_survey_tables(book(tmp_path, without))


def test_text_with_the_name_of_a_workbook_is_refused(tmp_path):
    path = tmp_path / "envipe.xlsx"
    path.write_text("nada")

    with speaking("en"), pytest.raises(SourceError, match="not a workbook"):
        clean_survey_tables(intake(path, ENVIPE))
