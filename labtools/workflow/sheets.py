"""Working sheets of the latest run: what each agency is asked, what each meeting looks at.

They are written into ``reports/sheets/<run>/``, which only the lab's account may enter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from labtools.errors import SettingsError
from labtools.messages import number, text
from labtools.publish.figures import Cell, period_words
from labtools.publish.sections import Rows, Section
from labtools.publish.sheets import print_sheet
from labtools.tables.action_words import action_words, need_words, standing_words
from labtools.tables.released import slug
from labtools.tables.store import make_folder, read_table, writing
from labtools.targeting.catalogue import (
    Intervention,
    Interventions,
    read_agencies,
    read_interventions,
)
from labtools.targeting.meeting import Agreement, agreement, check_answers
from labtools.targeting.own_evidence import measured_here, with_own_evidence
from labtools.targeting.work_list import work_of, write_spreadsheet
from labtools.workflow.starts import Start, write_calendar
from labtools.workflow.steps import Opened

_TABLES = (
    "needs",
    "proposals",
    "portfolio",
    "colonias_shown",
    "period",
    "actions_done",
    "evaluation_facts",
)


def write_work_lists(opened: Opened, *, start: Start | None = None) -> Path:
    """Write a spreadsheet and a PDF for each agency, and with `start` the sealed calendar.

    Raises
    ------
    SettingsError
        If no run was finished yet, or it proposes nothing.
    """
    tables, folder = _latest(opened)
    agencies = {
        agency.id: agency.name for agency in read_agencies(opened.workbench.references).agency
    }
    catalogue = _known(opened, tables).by_id()
    asked = {*tables["portfolio"]["agency"], *tables["proposals"]["agency"]}
    if not asked:
        raise SettingsError(
            "The latest run proposes nothing to any agency: no need stands out, and no portfolio "
            "was chosen. See [targeting] in lab.toml."
        )
    for agency in sorted(asked):
        work = work_of(agency, tables["portfolio"], tables["proposals"])
        work = _named(work, tables, catalogue)
        name = agencies.get(agency, agency)
        write_spreadsheet(work, folder / f"{agency}.xlsx", sheet=agency)
        _write(folder / f"{agency}.pdf", _work_sheet(work), name, tables, text("Work list"))
    if start is not None:
        write_calendar(opened, tables, start, folder)
    return folder


def write_meeting_sheet(opened: Opened, colonia_id: str) -> Path:
    """Write the one-page sheet of a colonia for its network's meeting, with room for answers.

    Raises
    ------
    SettingsError
        If the run has no such colonia.
    """
    tables, folder = _latest(opened)
    shown = tables["colonias_shown"].set_index("colonia_id")
    if colonia_id not in shown.index:
        raise SettingsError(
            "The latest run has no colonia {colonia}. Keys look like {example}.",
            colonia=colonia_id,
            example=str(shown.index[0]),
        )
    path = folder / f"{slug(colonia_id)}.pdf"
    sections = _meeting_sections(colonia_id, tables, _known(opened, tables))
    _write(path, sections, str(shown.loc[colonia_id, "name"]), tables, text("Network meeting"))
    return path


def read_meeting(opened: Opened, answers: Path) -> dict[tuple[str, str], Agreement]:
    """Return how far each meeting of a file of answers agreed, and with the lab's needs.

    Raises
    ------
    SourceError
        If the answers' form is wrong: see `labtools.targeting.meeting.check_answers`.
    """
    tables, _ = _latest(opened)
    told = check_answers(pd.read_csv(answers, dtype={"colonia_id": str, "meeting": str}))
    needs = tables["needs"].set_index(["colonia_id", "need"])["share_lower"]
    return {
        (str(colonia), str(meeting)): agreement(rows, _of(needs, str(colonia)))
        for (colonia, meeting), rows in told.groupby(["colonia_id", "meeting"])
    }


def _of(needs: pd.Series, colonia: str) -> pd.Series | None:
    return needs.loc[colonia] if colonia in needs.index.get_level_values(0) else None


def _latest(opened: Opened) -> tuple[dict[str, pd.DataFrame], Path]:
    run = opened.workbench.latest
    city = run / "internal" / "city" / "internal"
    if not (city / "proposals.parquet").is_file():
        raise SettingsError(
            "The workbench {folder} has no finished run with proposals yet. Make one with "
            "“labtools run”.",
            folder=str(opened.workbench.root),
        )
    tables = {name: read_table(name, city) for name in _TABLES}
    sheets = make_folder(opened.workbench.reports / "sheets", private=True)
    return tables, make_folder(sheets / run.resolve().name, private=True)


def _known(opened: Opened, tables: dict[str, pd.DataFrame]) -> Interventions:
    """Return the catalogue as the run reckoned with it: with what its evaluations found."""
    end = pd.Timestamp(tables["period"]["window_end"].iloc[0])
    known = read_interventions(opened.workbench.references)
    return with_own_evidence(known, tables["evaluation_facts"], end)


def _named(
    work: pd.DataFrame, tables: dict[str, pd.DataFrame], called: Mapping[str, Intervention]
) -> pd.DataFrame:
    names = tables["colonias_shown"].set_index("colonia_id")[["name", "borough"]]
    table = work.assign(
        colonia=work["colonia_id"].map(names["name"]),
        borough=work["colonia_id"].map(names["borough"]),
        intervention=[action_words(key, called[key].name) for key in work["intervention"]],
        need=work["need"].map(need_words, na_action="ignore"),
        standing=work["standing"].map(standing_words),
    )
    first = ["borough", "colonia", "colonia_id"]
    return table[[*first, *(c for c in work.columns if c != "colonia_id")]]


def _work_sheet(work: pd.DataFrame) -> list[Section]:
    """Return a section for each action: its evidence once, and the colonias where it is asked."""
    heads = (text("Borough"), text("Colonia"), text("For"), text("Standing"))
    sections = []
    for action, asked in work.groupby("intervention", sort=True):
        rows = tuple(
            tuple(Cell(str(told)) for told in (row.borough, row.colonia, row.need, row.standing))
            for row in asked.sort_values(["borough", "colonia"]).itertuples()
        )
        sources = tuple(dict.fromkeys(asked["evidence"].dropna()))
        said = text("Evidence: {sources}", sources="; ".join(sources))
        table = Rows(str(action), heads, rows, "wide")
        sections.append(
            Section(slug(str(action)), str(action), "full", sentences=(said,), tables=(table,))
        )
    return sections


def _meeting_sections(
    colonia: str, tables: dict[str, pd.DataFrame], catalogue: Interventions
) -> list[Section]:
    needs = tables["needs"][tables["needs"]["colonia_id"] == colonia]
    known = needs[(needs["verdict"] != "unknown") & needs["need"].str.startswith("factor_")]
    seen = tuple(
        (
            Cell(_numbered(str(row.need))),
            Cell(
                text(
                    "of 100 colonias like this one, between {low} and {high} have less need",
                    low=number(100 * float(row.lower)),
                    high=number(100 * float(row.upper)),
                )
            ),
            Cell("______"),
        )
        for row in known.itertuples()
    )
    blank = tuple(
        (Cell(_numbered(str(need))), Cell(text("no data")), Cell("______"))
        for need in needs.loc[~needs["need"].isin(known["need"]), "need"]
        if str(need).startswith("factor_")
    )
    asked = tables["proposals"][tables["proposals"]["colonia_id"] == colonia]
    could = tuple(
        (
            Cell(action_words(str(row.intervention), str(row.name_))),
            Cell(need_words(str(row.need))),
            Cell(str(row.agency_name)),
            Cell("______"),
        )
        for row in asked.rename(columns={"name": "name_"}).itertuples()
    )
    done = tables["actions_done"][tables["actions_done"]["colonia_id"] == colonia]
    said = tuple(f"{row.action_type}: {row.times}" for row in done.itertuples())
    order = text("Your order (1: most needed)")
    first = (text("Factor"), text("What the data say"), order)
    then = (text("Action"), text("For"), text("Who"), text("Yes / no"))
    titles = text("What is most needed here?"), text("What is being done"), text("What could be")
    return [
        Section("needs", titles[0], "full", tables=(Rows(titles[0], first, seen + blank),)),
        Section(
            "done", titles[1], "full", sentences=said or (text("Nothing in the log."),), listed=True
        ),
        Section(
            "could",
            titles[2],
            "full",
            sentences=measured_here(
                one for one in catalogue.intervention if one.id in set(asked["intervention"])
            )
            if could
            else (
                text("These data propose nothing here: what the network proposes is written here."),
            ),
            tables=(Rows(titles[2], then, could or _TO_WRITE),),
            notes=(
                text(
                    "Answers are written in a file with the columns colonia_id, meeting (its day, "
                    "2026-03-21), participant (the number of the place at the table, never a "
                    "name), need (the number of the factor) and rank."
                ),
            ),
        ),
    ]


#: Lines on which people write what nobody proposed.
_TO_WRITE = tuple(
    (Cell("_" * 24), Cell("_" * 12), Cell("_" * 12), Cell("______")) for _ in range(3)
)


def _numbered(need: str) -> str:
    """Return a factor with the number by which its answers are written down."""
    return f"{need.removeprefix('factor_')}. {need_words(need)}"


def _write(
    path: Path,
    sections: Sequence[Section],
    title: str,
    tables: dict[str, pd.DataFrame],
    kind: str,
) -> None:
    period = tables["period"]
    made = print_sheet(
        title, sections, kind=kind, period=period_words(tables), lab=str(period["lab"].iloc[0])
    )
    with writing(path) as aside:
        aside.write_bytes(made)
