"""The written forms by which a person can be known: keys, telephones, plates, addresses, points.

They stand on the floor of the tables, so that a contract can refuse them; the search of whole
files, and names, are in :mod:`labtools.privacy.pii`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

import pandas as pd
import pandera.pandas as pa

from labtools.errors import TableError

_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_STATES = (
    "AS|BC|BS|CC|CS|CH|CL|CM|DF|CX|DG|GT|GR|HG|JC|MC|MN|MS|NT|NL|OC|PL|QT|QR|SP|SL|SR|TC|TS|TL|"
    "VZ|YN|ZS|NE"
)
_NUMBER_MARK = r"(?:#|n[oº°]\.?|n[uú]m(?:ero)?\.?|ext(?:erior)?\.?|int(?:erior)?\.?)"

#: Kind → its form.  Digits that go on before or after are another number.
FORMS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "curp": re.compile(
            rf"(?<![A-Z0-9])[A-Z][AEIOUX][A-Z]{{2}}\d{{2}}{_MONTH_DAY}[HMX](?:{_STATES})"
            r"[B-DF-HJ-NP-TV-Z]{3}[A-Z\d]\d(?![A-Z0-9])",
            re.IGNORECASE,
        ),
        "rfc": re.compile(
            rf"(?<![A-Z0-9])[A-ZÑ&]{{4}}[ -]?\d{{2}}{_MONTH_DAY}[ -]?[A-Z\d]{{2}}[A\d](?![A-Z0-9])",
            re.IGNORECASE,
        ),
        "phone": re.compile(
            r"(?<![\w.,#+&-])(?:(?:\+52[ .-]?|52[ -]?)(?:1[ .-]?)?)?"
            r"(?:\([2-9]\d{1,2}\)[ .-]?\d{3,4}[ .-]?\d{4}"
            r"|[2-9]\d[ .-]\d{4}[ .-]\d{4}|[2-9]\d{2}[ .-]\d{3}[ .-]\d{4}"
            r"|[2-9]\d{2}[ .-]\d{3}[ .-]\d{2}[ .-]\d{2}|[2-9]\d{9})(?![\w-]|[.,]\d)"
        ),
        "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?![\w@])"),
        "plate": re.compile(
            r"(?<![\w-])(?:[A-Z]{3}[ -]?\d{3}[ -]?[A-Z]|[A-Z]{3}-\d{2}-?\d{2}"
            r"|[A-Z]{2}-\d{2}-?\d{3}|[A-Z]\d{2}-[A-Z]{3}|[A-Z]-\d{3}-[A-Z]{3}"
            r"|[A-Z]{2}-\d{4}-[A-Z]|\d{3}-[A-Z]{3}|\d{2}-[A-Z]{2}-\d{2})(?![\w-])"
        ),
        "plate_said": re.compile(
            r"\bplacas?(?:\s+(?:de\s+circulaci[oó]n|n[uú]mero|no\.?|con|la|del?|es|son))*[\s:]+"
            r"(?=[A-Z0-9 -]*\d)(?=[A-Z0-9 -]*[A-Z])[A-Z0-9][A-Z0-9 -]{4,8}[A-Z0-9]\b",
            re.IGNORECASE,
        ),
        "address": re.compile(
            r"\b(?i:calle|avenida|calzada|boulevard|bulevar|av\.|ave\.|blvd\.?|calz\.|c\.|prol\.|"
            r"prolongaci[oó]n|callej[oó]n|andador|privada|cerrada|circuito|carretera)\s+"
            rf"(?:[\w.]+\s+){{0,6}}?[\w.]+,?\s*(?i:{_NUMBER_MARK})\s*\d{{1,5}}\b"
            r"|\b(?:[Cc]alle|CALLE|[Aa]venida|AVENIDA|[Cc]alzada|CALZADA|[Bb]oulevard|BOULEVARD|"
            r"[Aa]v\.|AV\.|[Bb]lvd\.|BLVD\.|[Cc]allej[oó]n|[Aa]ndador|[Pp]rivada)\s+"
            r"(?:(?:de|del|la|las|los|el|y|\d{1,2} de)\s+)*[A-ZÁÉÍÓÚÑ][\wáéíóúñü]*"
            r"(?:\s+(?:(?:de|del|la|las|los|el|y)\s+)*[A-ZÁÉÍÓÚÑ][\wáéíóúñü]*){0,4},?\s+\d{1,5}"
            r"(?:\s*-?[A-Z])?\b(?!\s*(?:de|%|casos|incidentes|eventos))"
        ),
        "point": re.compile(
            r"(?<![\d.])-(?:8[6-9]|9\d|10\d|11[0-8])\.\d{4,}[\"'\]]?\s*[,; \t|/]\s*"
            r"(?:\"?\w+\"?\s*[:=]\s*)?[\"'\[]?(?:1[4-9]|2\d|3[0-2])\.\d{4,}"
            r"|(?<![\d.])(?:1[4-9]|2\d|3[0-2])\.\d{4,}[\"'\]]?\s*[,; \t|/]\s*"
            r"(?:\"?\w+\"?\s*[:=]\s*)?[\"'\[]?-(?:8[6-9]|9\d|10\d|11[0-8])\.\d{4,}"
            r"|\b\d{1,3}°\s*\d{1,2}['’′]\s*\d{1,2}(?:\.\d+)?[\"”″]?\s*[NSOWE]\b"
            r"|\b(?i:lat|latitude?|latitud|lon|lng|longitude?)\b[\"']?\s*[:=]\s*[\"']?-?\d{1,3}\.\d{4,}"
            r"|\bPOINT\s*\("
        ),
    }
)
#: Forms that are never part of a subject, a place or a stratum, however they are written.
_NEVER = ("curp", "rfc", "phone", "email", "plate_said")
_REMEMBERED = 200_000
#: Words of a column of persons, of homes or of plates, in our names.
_OURS = frozenset(
    {
        "victim",
        "suspect",
        "witness",
        "complainant",
        "surname",
        "forename",
        "curp",
        "rfc",
        "phone",
        "telephone",
        "email",
        "plate",
        "address",
        "street",
        "household",
    }
)
#: The same in the names that suppliers give.
_THEIRS = frozenset(
    {
        "nombre",
        "nombres",
        "apellido",
        "apellidos",
        "paterno",
        "materno",
        "curp",
        "rfc",
        "telefono",
        "tel",
        "celular",
        "correo",
        "email",
        "mail",
        "placa",
        "placas",
        "domicilio",
        "direccion",
        "calle",
        "numero_exterior",
        "num_ext",
        "victima",
        "denunciante",
        "quejoso",
        "ofendido",
        "ofendida",
        "imputado",
        "imputada",
        "detenido",
        "detenida",
        "testigo",
    }
)
#: A name of one of these is a place's, not a person's.
_PLACES = frozenset(
    {
        "colonia",
        "col",
        "municipio",
        "mun",
        "alcaldia",
        "delegacion",
        "entidad",
        "estado",
        "localidad",
        "calidad",
        "barrio",
        "seccion",
        "escrito",
    }
)


@lru_cache(maxsize=_REMEMBERED)
def _points_to_somebody(text: str) -> bool:
    return any(FORMS[form].search(text) for form in _NEVER)


def _nobody(texts: pd.Series) -> pd.Series:
    unique = texts.dropna().unique()
    known = {text: not _points_to_somebody(str(text)) for text in unique}
    return texts.map(known).fillna(value=True).astype(bool)


#: Of columns that hold what a clerk may have typed.
NOBODY = pa.Check(_nobody, error="no CURP, RFC, telephone, e-mail or plate of anybody")


def refuse_columns_of_people(table: str, columns: Iterable[str]) -> None:
    """Refuse a contract with a column of persons, homes or plates: the unit is the colonia.

    Raises
    ------
    TableError
        Names the first one.
    """
    wrong = [name for name in columns if _OURS & set(name.split("_"))]
    if wrong:
        raise TableError(
            "The contract of {table} has the column {column}, which is of a person, a home or a "
            "plate. No table of the workbench holds one: the unit is the colonia and the period.",
            table=table,
            column=wrong[0],
        )


def is_of_people(column: str) -> bool:
    """Tell whether a supplier's column is, by its name, of persons, homes or plates."""
    plain = re.sub(r"[^a-z]+", "_", _plain(column)).strip("_")
    words = set(plain.split("_"))
    return bool((words | {plain}) & _THEIRS) and not words & _PLACES


def _plain(text: str) -> str:
    return text.casefold().translate(str.maketrans("áéíóúüñ", "aeiouun"))
