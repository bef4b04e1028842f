"""Fichas of the latest run printed on demand: for the public, or as the lab itself counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from labtools.charts.ground import ground_of
from labtools.charts.maps import locator_map
from labtools.errors import TableError
from labtools.messages import DEFAULT_LANGUAGE, speaking
from labtools.narrative import sentences
from labtools.paths import Workbench
from labtools.publish.paper import print_ficha
from labtools.runs.context import FICHA_FILE
from labtools.runs.plan import FICHAS
from labtools.tables.released import read_ficha, slug
from labtools.tables.store import make_folder, read_table


def print_fichas(
    bench: Workbench,
    folder: Path,
    colonias: Sequence[str] = (),
    *,
    language: str = DEFAULT_LANGUAGE,
    audience: Literal["internal", "public"] = "public",
) -> Iterator[Path]:
    """Print fichas of the latest run into a folder, and give each file as it is written.

    Use it for a meeting of the lab and its agencies, or for a language that ``[publish] paper``
    does not name.  What the site offers is printed by ``labtools publish``.

    Parameters
    ----------
    bench : Workbench
    folder : pathlib.Path
        Made where it is not there; closed to other accounts for the internal edition.
    colonias : sequence of str, optional
        Their keys; every colonia with a ficha where none is named.
    language : {"es_MX", "en"}
    audience : {"internal", "public"}
        The internal edition has true counts, and its head says that it is not for the public.

    Raises
    ------
    TableError
        If a colonia that is named has no ficha.
    """
    run = bench.latest
    shown = read_table("colonias_shown", run / "public" / "tables")
    wanted = _wanted(shown, colonias)
    ground, own = ground_of(shown), audience == "internal"
    make_folder(folder, private=own)
    for colonia_id in wanted:
        ficha = read_ficha(_file_of(run, colonia_id, audience))
        with speaking(language):
            told, drawn = sentences(ficha), locator_map(ground, colonia_id)
        name = slug(colonia_id) + ("-internal" if own else "")
        file = folder / f"{name}.pdf"
        made = print_ficha(
            ficha, map_svg=drawn, sentences=told, language=language, audience=audience
        )
        file.write_bytes(made)
        yield file


def _wanted(shown: pd.DataFrame, colonias: Sequence[str]) -> list[str]:
    with_ficha = shown.loc[shown["has_ficha"], "colonia_id"].tolist()
    absent = [one for one in colonias if one not in set(with_ficha)]
    if absent:
        raise TableError(
            "The colonia {first} has no ficha in the latest run ({n} of those named have none). "
            "Name keys of colonias_shown.csv whose has_ficha is true.",
            first=absent[0],
            n=len(absent),
        )
    return list(colonias) or with_ficha


def _file_of(run: Path, colonia_id: str, audience: str) -> Path:
    if audience == "public":
        return run / "public" / "fichas" / f"{slug(colonia_id)}.json"
    outputs = run / "internal" / "outputs" / FICHAS
    return outputs / slug(colonia_id) / audience / FICHA_FILE
