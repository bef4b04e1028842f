"""Days on which things happened: read in the declared order, counted where they happened."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pandas as pd

from labtools.errors import SourceError
from labtools.sources.figures import row_in_file
from labtools.sources.protocol import Intake, dates

#: A date, a time of day, and how far its clock is from Greenwich's.
_ZONED = re.compile(
    r"^(?P<day>.+?)[ T](?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:\.\d+)?)?\s*"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})$"
)
#: Slips of single rows; more of them, and the whole column is in the other order.
_SLIPS = 0.02
#: So many dates without a day above 12 are no chance.
_MANY = 40
_MONTHS = 12  # a greater number is no month
_CLOCK = re.compile(
    r"^(?P<h>\d{1,2}):\d{2}(?::\d{2}){0,2}(?:\.\d+)?\s*(?:(?P<half>[ap])\.?\s*m\.?)?",
    re.IGNORECASE,
)
#: “20”, “20.0” or “20 hrs”: the hour alone.
_BARE_HOUR = re.compile(
    r"^(?P<h>\d{1,2})(?:\.0+)?\s*(?:h(?:rs?|oras?)?\.?)?$",
    re.IGNORECASE,
)
_HALF_DAY, _DAY = 12, 24
#: So many true dates in a workbook without a day after the 12th are no chance.
_TRUE_DATES = 10


def days(intake: Intake, cells: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as days in the descriptor's form; what is not a date is missing.

    A time in UTC is moved to the descriptor's timezone first: eight in the evening of the
    31st is not the 1st.  Dates of a workbook arrive in ISO whatever the form.

    Raises
    ------
    SourceError
        If the column seems to have month and day the other way round.
    """
    form = intake.descriptor.date_format
    written = cells[column]
    found = dates(written, form)
    if intake.descriptor.file.format in {"xlsx", "ods"}:
        true = dates(written, "%Y-%m-%d")
        _refuse_half_turned(intake, written, true, column)
        found = found.fillna(true)
    found = found.where(~_is_zoned(written), _moved(written, form, intake.descriptor.timezone))
    _refuse_other_order(intake, written, found, column)
    return found


def hours(written: pd.Series) -> pd.Series:
    """Return times of day as the hour, 0 to 23; what is no time is missing.

    "8:30 p.m." is of the twentieth hour, and "12:05 a.m." of hour zero.  Clocks of 24 hours that
    put the half day behind stay as written: "00:30 a.m." and "13:05 p.m." say one thing twice.
    """
    unique = pd.Series(written.dropna().unique(), dtype="str")
    lookup = dict(zip(unique, _hours(unique).astype(object), strict=True))
    return written.map(lookup).astype("Int64")


def _hours(written: pd.Series) -> pd.Series:
    parts = written.str.extract(_CLOCK)
    bare = written.str.extract(_BARE_HOUR)["h"]
    hour = pd.to_numeric(parts["h"].fillna(bare))
    half = parts["half"].str.casefold()
    of_half = hour.where(hour.between(1, _HALF_DAY)) % _HALF_DAY
    twice_told = (half.eq("a") & hour.eq(0)) | (half.eq("p") & hour.gt(_HALF_DAY))
    hour = hour.where(half.isna() | twice_told, of_half + half.eq("p") * _HALF_DAY)
    return hour.where(hour.between(0, _DAY - 1)).astype("Int64")


def _refuse_half_turned(intake: Intake, written: pd.Series, true: pd.Series, column: str) -> None:
    """Refuse a column in which a spreadsheet of another country turned the days it could.

    Of day-first dates it takes those up to the 12th for month-first ones, and leaves the
    others as text: half of the column is true dates, all of them wrong.
    """
    known = true.dropna()
    text = written[written.fillna("").str.strip().ne("") & true.isna()]
    turned = len(known) >= _TRUE_DATES and int(known.dt.day.max()) <= _MONTHS
    if turned and len(known.dt.month.unique()) > 1 and 2 * len(text) >= len(known):
        raise SourceError(
            "{path}, column “{column}”: {n} cells are dates of the spreadsheet program, none after "
            "the 12th of a month, and {others} are text, the first “{value}” in row {row}. The "
            "program probably took days for months in those it could read. Ask the supplier for "
            "the dates as text, or for CSV, as the system gave them.",
            path=intake.path.name,
            column=column,
            n=len(known),
            others=len(text),
            value=str(text.iloc[0]),
            row=row_in_file(intake, text.index[0]),
        )


def _is_zoned(written: pd.Series) -> pd.Series:
    return written.str.strip().str.fullmatch(_ZONED.pattern).fillna(value=False).astype(bool)


def _moved(written: pd.Series, form: str, timezone: str) -> pd.Series:
    """Return the local day of dates with a time and a zone.

    Where every time is midnight in UTC, a program wrote days as instants: they stay.
    """
    unique = pd.Series(written.dropna().unique(), dtype="str")
    parts = unique.str.strip().str.extract(_ZONED.pattern)
    parts = parts[parts["zone"].notna()]
    moved = pd.Series(pd.NaT, index=unique.index, dtype="datetime64[ns]")
    if len(parts):
        day = dates(parts["day"], form)
        clock = parts[["h", "m", "s"]].fillna("0").astype(int)
        seconds = clock["h"] * 3600 + clock["m"] * 60 + clock["s"]
        only_days = (seconds == 0).all() and parts["zone"].isin(["Z", "+00:00", "+0000"]).all()
        instant = day + pd.to_timedelta(seconds - _offset(parts["zone"]), unit="s")
        local = instant.dt.tz_localize("UTC").dt.tz_convert(ZoneInfo(timezone))
        moved[parts.index] = day if only_days else local.dt.tz_localize(None).dt.normalize()
    return written.map(dict(zip(unique, moved, strict=True))).astype("datetime64[ns]")


def _offset(zones: pd.Series) -> pd.Series:
    clock = zones.replace("Z", "+0000").str.replace(":", "")
    minutes = clock.str[1:3].astype(int) * 60 + clock.str[3:5].astype(int)
    return minutes * 60 * clock.str[0].map({"+": 1, "-": -1})


def _refuse_other_order(intake: Intake, written: pd.Series, found: pd.Series, column: str) -> None:
    form = intake.descriptor.date_format
    if form.startswith("%Y") or not ("%d" in form and "%m" in form):
        return
    other = form.replace("%d", "%·").replace("%m", "%d").replace("%·", "%m")
    swapped = dates(written.where(found.isna()), other)
    only_swapped, sure = int(swapped.notna().sum()), int((found.dt.day > _MONTHS).sum())
    if only_swapped > _SLIPS * (only_swapped + sure):
        at = swapped.first_valid_index()
        raise SourceError(
            "{path}, column “{column}”: “{value}” in row {row} is a date only with month and day "
            "the other way round than “{form}” ({n} such cells), so that 03/04 may be read wrongly "
            "in all the others. Ask the supplier for the order, and correct “date_format”.",
            path=intake.path.name,
            column=column,
            value=str(written[at]),
            row=row_in_file(intake, at),
            form=form,
            n=only_swapped,
        )
    _refuse_no_late_day(intake, found, column)


def _refuse_no_late_day(intake: Intake, found: pd.Series, column: str) -> None:
    known = found.dropna()
    several = len(known.dt.day.unique()) > 1 and len(known.dt.month.unique()) > 1
    if len(known) >= _MANY and several and known.dt.day.max() <= _MONTHS:
        raise SourceError(
            "{path}, column “{column}”: none of its {n} dates has a day after the 12th, so that "
            "month and day are probably the other way round than “{form}”. Ask the supplier for "
            "the order, and correct “date_format” in the descriptor.",
            path=intake.path.name,
            column=column,
            n=len(known),
            form=intake.descriptor.date_format,
        )
