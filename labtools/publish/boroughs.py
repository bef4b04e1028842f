"""A page for each borough: its colonias in alphabetical order, what people feel, what changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

import geopandas as gpd
import pandas as pd

from labtools.charts.figures import count_words, figure_words, state_words
from labtools.charts.perception import perception_chart
from labtools.charts.tiers import tier_map
from labtools.messages import number, plural, say, text
from labtools.publish import wording
from labtools.publish.changes import change_heads, change_rows
from labtools.publish.figures import Cell
from labtools.publish.pages import inline
from labtools.publish.sections import Rows
from labtools.tables import vocabulary as words
from labtools.tables.records import records
from labtools.tables.released import slug

Tables = Mapping[str, pd.DataFrame]


def borough_names(tables: Tables) -> list[str]:
    """Return the boroughs of an edition, in alphabetical order; none where there is one only."""
    names = sorted(set(tables["colonias_shown"]["borough"].dropna().astype(str)) - {""}, key=_plain)
    return names if len(names) > 1 else []


def borough_files(tables: Tables) -> dict[str, str]:
    """Return the file name of each borough's page, without its folder."""
    files: dict[str, str] = {}
    for name in borough_names(tables):
        plain = re.sub(r"[^a-z0-9]+", "-", _plain(name)).strip("-")[:60] or "x"
        twin = sum(file.startswith(f"{plain}.") for file in files.values())
        files[name] = f"{plain}.{twin + 1}.html" if twin else f"{plain}.html"
    return files


def borough_facts(tables: Tables, name: str) -> dict[str, object]:
    """Return what the page of a borough is filled with, in the language in force."""
    colonias = tables["colonias_shown"]
    here = gpd.GeoDataFrame(colonias[colonias["borough"].astype(str) == name])
    ids = set(here["colonia_id"])
    crime = tables["crime"]
    total = crime[(crime["group"] == words.TOTAL) & crime["colonia_id"].isin(ids)]
    change = tables["change"]
    own = change[change["colonia_id"].isin(ids)]
    changed = change_rows(
        {"change": own, "colonias_shown": colonias, "period": tables["period"]}, way="../"
    )
    felt = _felt(tables["perception"], name)
    return {
        "title": name,
        "kind": text("Borough"),
        "told": _told(here),
        "map": inline(tier_map(here, total)),
        "map_note": wording.map_words()["note"],
        "figures": Rows(
            text("Recorded crime by colonia, in alphabetical order"),
            (
                text("Colonia"),
                text("Recorded crimes"),
                text("Steadied rate per 1,000 residents (95 % interval)"),
                text("Reading"),
            ),
            tuple(_rows(here, total)),
            "wide",
        ),
        "felt_title": text("What people feel"),
        "felt": inline(perception_chart(felt)) if len(felt) else "",
        "changes_title": wording.changes_words()["changes"],
        "changes": Rows(
            wording.changes_words()["changes"], tuple(change_heads()), tuple(changed), "wide"
        )
        if changed
        else None,
        "no_change": wording.changes_words()["none"],
    }


def _told(here: pd.DataFrame) -> str:
    counted = say(plural("{n} colonia", "{n} colonias"), n=len(here))
    residents = here["population"].sum(min_count=1)
    if pd.isna(residents):
        return counted
    return text(
        "{colonias}; {people} residents by the register.",
        colonias=counted,
        people=number(float(residents)),
    )


def _rows(here: pd.DataFrame, total: pd.DataFrame) -> Iterator[tuple[Cell, ...]]:
    figures = {str(row["colonia_id"]): row for row in records(total)}
    ordered = sorted(records(here), key=lambda row: (_plain(str(row["name"])), row["colonia_id"]))
    for colonia in ordered:
        key = str(colonia["colonia_id"])
        page = f"../colonias/{slug(key)}.html" if colonia["has_ficha"] else ""
        yield (Cell(str(colonia["name"]), leads_to=page), *_figures(figures.get(key)))


def _figures(row: Mapping[str, object] | None) -> tuple[Cell, ...]:
    if row is None:
        return (Cell(words.label(words.MISSING), words.MISSING),) * 3
    state = str(row["state"])
    versus = words.label(str(row["versus_municipality"]))
    return (
        Cell(count_words(row["events"], row["events_low"], row["events_high"], state), state),
        Cell(
            figure_words(row["smoothed"], row["smoothed_lower"], row["smoothed_upper"], state),
            state,
        ),
        Cell(versus if state == words.SHOWN else state_words(state), state),
    )


def _felt(perception: pd.DataFrame, name: str) -> pd.DataFrame:
    kind, area = perception["area_kind"], perception["area"].astype(str)
    near = ((kind == "borough") & (area == name)) | (kind == "city")
    return perception[near & (perception["indicator"] == "insecurity")]


def _plain(name: str) -> str:
    apart = unicodedata.normalize("NFD", name)
    return "".join(c for c in apart if not unicodedata.combining(c)).lower()
