"""What a file that nobody has described yet seems to hold: a proposal for a person to check.

Names of columns are compared with those that publishers use, letters apart; dates with the ways
in which they are written.  A guess never reads a value as true: cleaning does that, by the
descriptor that a person has looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import pandas as pd
from rapidfuzz.fuzz import ratio

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.sources.areas import read_areas
from labtools.sources.files import batches

Guessed = Literal["events", "colonias", "survey"]
#: Our column → how publishers call it.
_CALLED: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "events": {
            "folio": (
                "folio",
                "carpeta",
                "no_carpeta",
                "no_de_reporte",
                "expediente",
                "id_hecho",
                "case_number",
            ),
            "date": ("fecha_hecho", "fecha_hechos", "fecha_del_hecho", "fecha", "dia", "date"),
            "hour": ("hora_hecho", "hora_hechos", "hora", "hour", "time"),
            "subject": (
                "delito",
                "tipo_delito",
                "tipo_de_delito",
                "tipo_de_incidente",
                "tipo_incidente",
                "motivo",
                "incidente",
                "subtipo",
                "offence",
            ),
            "lon": ("longitud", "lon", "lng", "long", "longitude", "coord_x", "coordenada_x", "x"),
            "lat": ("latitud", "lat", "latitude", "coord_y", "coordenada_y", "y"),
            "place": ("colonia", "colonia_hecho", "nombre_colonia", "asentamiento", "barrio"),
            "borough": ("alcaldia", "alcaldia_hecho", "delegacion", "delegacion_hecho", "borough"),
        },
        "colonias": {
            "id": (
                "cve_col",
                "clave",
                "cveut",
                "cve_colonia",
                "id_colonia",
                "clave_colonia",
                "cve",
                "id",
            ),
            "name": ("nombre", "nom_col", "colonia", "nombre_colonia", "nomut", "name"),
            "borough": ("alcaldia", "delegacion", "nom_del", "nomdt", "distrito", "borough"),
            "population": (
                "poblacion",
                "pobtot",
                "pob_total",
                "pob",
                "habitantes",
                "sumpob1",
                "population",
            ),
            "dwellings": ("viviendas", "vivtot", "tvivhab", "dwellings"),
        },
        "survey": {
            "wave": ("oleada", "ola", "levantamiento", "fecha_levantamiento", "per", "wave"),
            "colonia_id": ("cve_col", "clave_colonia", "id_colonia", "cve_colonia", "colonia_id"),
            "borough": ("delegacion", "alcaldia", "distrito", "borough"),
            "stratum": ("estrato", "est_dis", "est_diseno", "stratum"),
            "cluster": ("upm", "upm_dis", "conglomerado", "cluster"),
            "weight": ("factor", "factor_expansion", "fac_sel", "ponderador", "peso", "weight"),
        },
    }
)
#: What a table of a kind cannot do without.
NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "events": ("date", "subject"),
        "colonias": ("id", "name"),
        "survey": ("wave", "stratum", "cluster", "weight"),
    }
)
LIKE_ENOUGH = 88.0
#: Words that change nothing of what a column of a file of incidents or areas is.
_FILLING = frozenset({"de", "del", "la", "las", "el", "los", "hecho", "hechos"})
_DEGREES = MappingProxyType({"lon": 180.0, "lat": 90.0})
_SAMPLE = 5_000
_DELIMITERS = (",", ";", "\t", "|")
_SHEETS = MappingProxyType({".xlsx": "xlsx", ".xls": "xlsx", ".ods": "ods", ".dbf": "dbf"})
_OTHERS = MappingProxyType({".json": "json", ".jsonl": "jsonl", ".parquet": "parquet"})
#: In the order in which they are tried: the day comes first in Mexico.
_DATE_FORMS = ("%Y-%m-%d", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%Y%m%d", "%m/%d/%Y")
_LETTERS_OF_A_DATE = 10


def guess_form(path: Path, kind: Guessed) -> FileFormat:
    """Return how the bytes of a file seem to be written.

    Raises
    ------
    SourceError
        If no way of reading it makes a table of more than one column.
    """
    ending = Path(path.name.lower().removesuffix(".gz").removesuffix(".bz2")).suffix
    if kind == "colonias":
        return FileFormat(format="geo")
    for endings in (_SHEETS, _OTHERS):
        if ending in endings:
            return FileFormat.model_validate({"format": endings[ending]})
    return _delimited(path)


def guess_columns(header: Sequence[str], kind: Guessed) -> dict[str, str]:
    """Return our column → the file's, for those whose names are like enough; each one once."""
    pairs = sorted(
        (
            (-alike, rank, ours, theirs)
            for ours, names in _CALLED[kind].items()
            for rank, called in enumerate(names)
            for theirs in header
            if (alike := _alike(theirs, called)) >= LIKE_ENOUGH
        ),
    )
    found: dict[str, str] = {}
    for _, _, ours, theirs in pairs:
        if ours not in found and theirs not in found.values():
            found[ours] = theirs
    return {ours: found[ours] for ours in _CALLED[kind] if ours in found}


def without_metres(columns: Mapping[str, str], sample: pd.DataFrame) -> dict[str, str]:
    """Return columns without those of points that are in metres: they would lie nowhere."""
    return {
        ours: theirs
        for ours, theirs in columns.items()
        if ours not in _DEGREES or _in_degrees(sample[theirs], _DEGREES[ours])
    }


def _in_degrees(cells: pd.Series, most: float) -> bool:
    known = pd.to_numeric(cells, errors="coerce").dropna().abs()
    return known.empty or bool(known.median() <= most)


def _alike(theirs: str, called: str) -> float:
    """Return how like a column's name is to one that publishers use, with its small words or not.

    Without them it is a little less like: where a file has both, the whole name wins.
    """
    short = [
        "_".join(word for word in name.split("_") if word not in _FILLING)
        for name in (plain(theirs), called)
    ]
    return float(max(ratio(plain(theirs), called), ratio(*short) - 1 if all(short) else 0))


def guess_date_form(cells: pd.Series) -> str:
    """Return the form that reads most dates, or "" if none reads half of them.

    Where the day and the month could be either, the day is taken to come first.
    """
    written = cells.dropna().astype(str).str.strip().str.slice(0, _LETTERS_OF_A_DATE)
    written = written[written != ""]
    shares = {
        form: pd.to_datetime(written, format=form, errors="coerce").notna().mean()
        for form in _DATE_FORMS
    }
    best = max(shares, key=lambda form: shares[form], default="")
    return best if shares.get(best, 0.0) > 0.5 else ""  # noqa: PLR2004 - most of them


def span_of_days(days: Iterable[pd.Series]) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first and the last day that a file of events speaks of; None without any.

    Stray dates (a crime of long ago reported now) come in months with few events: the span is
    that of the months with half as many as the middle one, and the last day is the last one
    seen in them.
    """
    counts = pd.concat([it.dropna().value_counts() for it in days]).groupby(level=0).sum()
    if counts.empty:
        return None
    months = counts.groupby(counts.index.to_period("M")).sum()
    full = months[months >= months.median() / 2].index
    seen = counts.index[counts.index.to_period("M") == full.max()]
    return full.min().start_time.normalize(), seen.max()


def sample_of(path: Path, form: FileFormat) -> pd.DataFrame:
    """Return the first rows of a file.

    Raises
    ------
    SourceError
        If it cannot be read.
    """
    if form.format == "geo":
        return pd.DataFrame(read_areas(path, form))
    return next(batches(path, form, _SAMPLE))


def _delimited(path: Path) -> FileFormat:
    best, most = None, 1
    for delimiter in _DELIMITERS:
        for encoding in ("utf-8", "cp1252"):
            form = FileFormat(delimiter=delimiter, encoding=encoding)
            try:
                columns = sample_of(path, form).shape[1]
            except SourceError:
                continue
            if columns > most:
                best, most = form, columns
    if best is None:
        raise SourceError(
            "{path} is no table in any way that was tried (commas, semicolons, tabs and bars). "
            "Ask the supplier for CSV or Excel.",
            path=path.name,
        )
    return best


def plain(name: str) -> str:
    """Return a column's name without accents, capitals or signs."""
    split = unicodedata.normalize("NFKD", name)
    letters = "".join(c for c in split if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
