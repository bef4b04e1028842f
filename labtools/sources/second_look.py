"""Everything that is wrong with a file of shares by city, not only what is met first.

A file of estimates that somebody made of microdata passes from hand to hand; each fault alone may
be mended and the next one goes on unseen.  The look is lenient where loaders are strict: it reads
on after a fault, and says all that it finds.
"""

from __future__ import annotations

import csv
import io
import re
from itertools import permutations
from pathlib import Path

import pandas as pd

from labtools.errors import SourceError
from labtools.findings import Finding, Severity
from labtools.forms import FileFormat
from labtools.messages import plural, text
from labtools.sources.files import read_bytes
from labtools.sources.protocol import fold_text

#: From so many rows, or cities, on they say something of the whole file.
_MANY, _CITIES = 20, 30
#: A city's sample has some hundreds of answers; its people are tens of thousands.
_MOST_ASKED = 5_000
_NEARLY_ALL = 0.95
#: In each quarter since 2013 most people of the country feel unsafe in their city (INEGI, ENSU:
#: between 58 and 77 %); half of the cities below this, and the labels are exchanged.
_FEWEST_UNSAFE = 0.45
_HALF_DIGIT = 0.0051
_WHEN = ("ano", "anio", "year", "trim", "quarter", "mes", "month", "edicion")


def faults_of_shares(path: Path, form: FileFormat) -> tuple[Finding, ...]:
    """Return every fault that such a file shows by itself, its encoding apart.

    Only text is looked at; a workbook has its own loader.
    """
    if form.format != "csv":
        return ()
    cells = _cells(path, form)
    if cells is None or len(cells) < _MANY:
        return ()
    return (*_line_breaks(cells), *_repeated(cells), *_of_answers(cells), *_exchanged(cells))


def refuse_exchanged(name: str, insecure: pd.Series, quarter: pd.Series) -> None:
    """Refuse shares of people who feel unsafe that are those of people who feel safe.

    Parameters
    ----------
    insecure : pandas.Series
        From 0 to 1, one for each city and quarter.

    Raises
    ------
    SourceError
        Names the first quarter.
    """
    quarters = _too_safe(insecure, quarter)
    if len(quarters):
        raise SourceError(
            "{path}: in {quarter} half of the cities have less than {share:.1%} who feel unsafe, "
            "and so in {n} quarters; in the whole country it never was less than half. The labels "
            "safe and unsafe are probably exchanged: ask who made the file.",
            path=name,
            quarter=str(quarters.index[0]),
            share=float(quarters.iloc[0]),
            n=len(quarters),
        )


def _cells(path: Path, form: FileFormat) -> pd.DataFrame | None:
    written = read_bytes(path, form.member).decode("utf-8-sig", errors="replace")
    lines = csv.reader(io.StringIO(written, newline=""), delimiter=form.delimiter)
    try:
        header, *rows = lines
    except (ValueError, csv.Error):
        return None
    whole = [row for row in rows if len(row) == len(header)]
    return pd.DataFrame(whole, columns=header).astype("str") if len(set(header)) > 1 else None


def _line_breaks(cells: pd.DataFrame) -> tuple[Finding, ...]:
    broken = {name: int(cells[name].str.contains(r"[\r\n]").sum()) for name in cells}
    n = sum(broken.values())
    if not n:
        return ()
    sentence = plural(
        "one cell has a line break inside, of the column “{column}”: its name fits no other",
        "{n} cells have a line break inside, the first of the column “{column}”: their names fit "
        "no others",
    )
    first = next(name for name, many in broken.items() if many)
    return (Finding(sentence, Severity.BLOCKER, {"n": n, "column": first}),)


def _repeated(cells: pd.DataFrame) -> tuple[Finding, ...]:
    """Tell of cities and quarters that stand again: words, years and quarters are the key."""
    names = [
        name for name in cells if _plain(name).startswith(_WHEN) or not _is_numeric(cells[name])
    ]
    if not any(_plain(name).startswith(_WHEN) for name in names):
        return ()
    times = cells[names].apply(fold_text).value_counts()
    other = cells.drop_duplicates()[names].apply(fold_text).value_counts().reindex(times.index)
    # The very row once more is left out by the loader; other figures, or many copies, are not.
    again = times[(times > 2) | (other > 1)]  # noqa: PLR2004
    if again.empty or (other > 1).all():
        return ()  # nothing stands again, or these columns do not tell rows apart
    sentence = text(
        "{n} of its {total} keys stand more than once, up to {times} times; the first is {key}"
    )
    key = " | ".join(str(part).strip() for part in again.index[0])
    facts = {"n": len(again), "total": len(times), "times": int(again.max()), "key": key}
    return (Finding(sentence, Severity.BLOCKER, facts),)


def _plain(name: str) -> str:
    return str(fold_text(pd.Series([name], dtype="str"))[0])


def _is_numeric(column: pd.Series) -> bool:
    return bool(pd.to_numeric(column.str.strip(), errors="coerce").notna().mean() > _NEARLY_ALL)


def _of_answers(cells: pd.DataFrame) -> tuple[Finding, ...]:
    """Tell of percentages that are answers counted one by one, without the weights of a survey."""
    numeric = [name for name in cells if _is_numeric(cells[name])]
    figures = {name: pd.to_numeric(cells[name], errors="coerce") for name in numeric}
    whole = {name: it for name, it in figures.items() if it.mod(1).eq(0).all()}
    answers = [name for name, it in whole.items() if 1 < it.median() < _MOST_ASKED]
    for share in [name for name in figures if name not in whole]:
        for above, below in permutations(answers, 2):
            ratio = 100 * figures[above] / figures[below].where(figures[below] > 0)
            same = (ratio - figures[share]).abs() < _HALF_DIGIT
            if same.mean() > _NEARLY_ALL and figures[above].nunique() > _MANY:
                return (_unweighted(share, above, below),)
    return ()


def _unweighted(share: str, above: str, below: str) -> Finding:
    sentence = text(
        "“{share}” is “{above}” over “{below}”, answers counted one by one: without the weights of "
        "the survey it stands for nobody but those asked, and nothing tells its precision"
    )
    return Finding(sentence, Severity.BLOCKER, {"share": share, "above": above, "below": below})


def _exchanged(cells: pd.DataFrame) -> tuple[Finding, ...]:
    plain = {_plain(name): name for name in cells}
    unsafe, years, quarters = (
        [name for said, name in plain.items() if re.match(form, said)]
        for form in (r"(?:pct|porc|%).*insegur", r"a(?:n|ni)o$|year", r"trim|quarter")
    )
    if not (unsafe and years and quarters):
        return ()
    share = pd.to_numeric(cells[unsafe[0]], errors="coerce") / 100
    found = _too_safe(share, cells[years[0]].str.strip() + "-" + cells[quarters[0]].str.strip())
    if found.empty:
        return ()
    sentence = text(
        "“{column}” is below {share:.1%} in half of the cities in {n} quarters, the first {first}; "
        "in the country it never was less than half: safe and unsafe are probably exchanged"
    )
    facts = {"column": unsafe[0], "n": len(found), "first": str(found.index[0])}
    return (Finding(sentence, Severity.BLOCKER, {**facts, "share": float(found.max())}),)


def _too_safe(insecure: pd.Series, quarter: pd.Series) -> pd.Series:
    by = insecure.groupby(quarter)
    middle = by.median()[by.count() >= _CITIES]
    return middle[middle < _FEWEST_UNSAFE]
