"""Field surveys: the form for telephones, its twin on paper, and the answers with their design."""

from __future__ import annotations

import importlib
import io
from pathlib import Path

import pandas as pd

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.publish.form_paper import print_form
from labtools.sources.field_answers import Answered, with_design
from labtools.sources.field_forms import read_form, xlsform
from labtools.sources.files import read_cells
from labtools.tables.store import make_folder, writing
from labtools.workflow.steps import Opened


def write_form(opened: Opened, name: str) -> tuple[Path, Path]:
    """Write a form as XLSForm and on paper into the workbench's ``forms/``, and return both.

    Raises
    ------
    SettingsError
        If there is no such form.
    SourceError
        If it holds what a form may not, or what ODK would not read.
    """
    form = read_form(name, opened.workbench)
    told = xlsform(form)
    check_xlsform(name, told)
    folder = make_folder(opened.workbench.root / "forms")
    paper = print_form(form, lab=opened.settings.lab.name)
    files = (folder / f"{form.id}.xlsx", folder / f"{form.id}.pdf")
    for path, content in zip(files, (told, paper), strict=True):
        with writing(path) as aside:
            aside.write_bytes(content)
    return files


def check_xlsform(name: str, content: bytes) -> None:
    """Refuse a form that ODK would not read, where the extra “forms” is installed to tell.

    Raises
    ------
    SourceError
        With what pyxform says.
    """
    try:
        reader = importlib.import_module("pyxform.xls2xform")
        faults = importlib.import_module("pyxform.errors")
    except ImportError:
        return
    try:
        reader.convert(io.BytesIO(content), form_name=name, file_type=".xlsx")
    except faults.PyXFormError as wrong:
        raise SourceError(
            "The form {name} is none that ODK can read ({reason}). Correct its file.",
            name=name,
            reason=str(wrong),
        ) from wrong


def read_answers(opened: Opened, name: str, answers: Path, *, sample: Path, into: Path) -> Answered:
    """Write the answers that telephones sent, with their design, as the file of a survey.

    Parameters
    ----------
    answers : Path
        What ODK or Kobo exports (CSV, or XLSX).
    sample : Path
        The list of visits: ``visit``, ``colonia_id``, ``borough``, ``stratum``, ``cluster`` and
        ``weight``.
    into : Path
        File of the source whose descriptor is ``survey_<form>``.

    Raises
    ------
    SourceError
        If either file is wrong: see `labtools.sources.field_answers.with_design`.
    """
    form = read_form(name, opened.workbench)
    found = with_design(form, _cells(answers), _cells(sample), sent=answers, listed=sample)
    target = opened.workbench.root / into
    make_folder(target.parent, private=not target.parent.exists())
    with writing(target) as aside:
        found.table.to_csv(aside, index=False, lineterminator="\n")
    target.chmod(0o600)
    return found


def _cells(path: Path) -> pd.DataFrame:
    return read_cells(path, FileFormat(format="xlsx" if path.suffix == ".xlsx" else "csv"))
