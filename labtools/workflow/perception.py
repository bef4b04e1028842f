"""How safe people feel: official series of the city, and the lab's own survey by area."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from labtools.analysis.multiplicity import adjust_p_values
from labtools.analysis.perception.estimates import Estimate, Precision, estimate_share
from labtools.analysis.perception.waves import Difference, compare_waves, difference
from labtools.settings import Settings
from labtools.tables import vocabulary as words
from labtools.tables.batteries import is_told_by_colonia
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.periods import Window
from labtools.workflow.edition import Edition
from labtools.workflow.survey import SurveyWave, questions_of, survey_waves, waves_asking

INSUFFICIENT = "insufficient"
_FALSE_ALARM = 0.05
_MANY = 1e6  # degrees of freedom of a figure that INEGI publishes with its own error
_TOLD = ("share", "lower", "upper", "respondents")


def perception_table(
    processed: Mapping[str, pd.DataFrame],
    edition: Edition,
    settings: Settings,
    modelled: pd.DataFrame,
) -> pd.DataFrame:
    """Return the canonical table ``perception``: city, boroughs, and colonias where possible.

    Parameters
    ----------
    modelled : pandas.DataFrame
        Rows that a model gives, put under the direct estimates; may be empty.
    """
    city = settings.lab.perception_city or settings.lab.municipality

    def estimated() -> dict[str, pd.DataFrame]:
        waves = survey_waves(processed["survey"], edition.window.end)
        found = [
            _survey_shares(waves_asking(waves, indicator)[-1], indicator, settings)
            for indicator in questions_of(waves)
        ]
        return {"asked": pd.concat(found, ignore_index=True)} if found else {}

    asked = edition.fits.take("asked", _of_survey(processed, edition, settings), estimated)
    parts = [_city_shares(processed["city_perception"], city, edition.window), *asked.values()]
    filled = [part for part in (*parts, modelled) if len(part)]
    table = pd.concat(filled, ignore_index=True) if filled else empty_table("perception")
    return _without_withheld(table, edition)


def perception_change_table(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> pd.DataFrame:
    """Return the canonical table ``perception_change``: the last figure against earlier ones.

    The lab's survey: each question's last wave against the one before and against that of a
    year before; city and boroughs, or the city alone for batteries.  The city's official
    series: the same, by quarters.  Boroughs are judged together, indicator by indicator
    (Benjamini and Hochberg, 5 %), and so is the city.
    """
    city, official = settings.lab.perception_city, processed["city_perception"]
    told = [*_of_survey(processed, edition, settings), official, city]
    name = "perception_change"
    made = edition.fits.take(name, told, lambda: {name: _changes(processed, edition, settings)})
    return made[name]


def _of_survey(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> list[object]:
    """Return all that the survey's estimates are made from: nothing of who reads them."""
    least = settings.disclosure.minimum_respondents
    return [processed["survey"], edition.window.end, settings.lab.municipality, least]


def _changes(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> pd.DataFrame:
    city = settings.lab.perception_city or settings.lab.municipality
    rows = [*_city_changes(processed["city_perception"], city, edition.window)]
    waves = survey_waves(processed["survey"], edition.window.end)
    for indicator in questions_of(waves):
        asking = waves_asking(waves, indicator)
        for earlier in _compared([wave.month for wave in asking]):
            rows += _wave_changes(asking[earlier], asking[-1], indicator, settings)
    if not rows:
        return empty_table("perception_change")
    table = pd.DataFrame(rows)
    groups = table.groupby(["indicator", "source", "area_kind"])["p_value"]
    q_value = groups.transform(lambda p: adjust_p_values(p, level=_FALSE_ALARM))
    table = table.assign(q_value=q_value, verdict=_verdicts(table["difference"], q_value))
    table = table.astype({"respondents": "Int64"}).drop(columns="p_value")
    order = ["indicator", "source", "area_kind", "area", "before_period"]
    return check_table("perception_change", table.sort_values(order, ignore_index=True))


def _city_shares(city_perception: pd.DataFrame, city: str, window: Window) -> pd.DataFrame:
    rows = city_perception[
        (city_perception["city"] == city) & (city_perception["quarter"] < window.end)
    ]
    reach = 1.96 * rows["cv"] * rows["share"]
    usable = rows["cv"].notna()
    return pd.DataFrame(
        {
            "area_kind": "city",
            "area": rows["city"],
            "indicator": rows["indicator"],
            "period": rows["quarter"],
            "share": rows["share"].where(usable),
            "lower": (rows["share"] - reach).clip(lower=0),
            "upper": (rows["share"] + reach).clip(upper=1),
            "respondents": pd.array([pd.NA] * len(rows), dtype="Int64"),
            "state": np.where(usable, words.SHOWN, INSUFFICIENT),
            "source": "city_perception",
        }
    )


def _survey_shares(wave: SurveyWave, indicator: str, settings: Settings) -> pd.DataFrame:
    minimum = settings.disclosure.minimum_respondents
    rules = Precision(minimum_respondents=minimum)
    rows, answers = [], wave.answers[indicator]
    for kind, area, domain in _areas(wave, answers, settings.lab.municipality):
        if kind == "colonia" and not is_told_by_colonia(indicator):
            continue
        asked = answers.notna() if domain is None else domain & answers.notna()
        found = None
        if domain is None or int(asked.sum()) >= minimum:
            found = estimate_share(wave.design, answers, domain)
        rows.append(
            {
                "area_kind": kind,
                "area": area,
                "indicator": indicator,
                "period": wave.month,
                **_told(found, rules),
                "source": _source(wave),
            }
        )
    return pd.DataFrame(rows).astype({"respondents": "Int64"})


def _source(wave: SurveyWave) -> str:
    """Say whose survey it is: one that knows no colonia is one of cities (ENSU's microdata)."""
    return "survey" if wave.knows_colonias else "city_microdata"


def _areas(
    wave: SurveyWave, answers: pd.Series, city: str
) -> Iterator[tuple[str, str, pd.Series | None]]:
    yield "city", city, None
    for kind, column in (("borough", "borough"), ("colonia", "colonia_id")):
        for area in sorted(wave.people.loc[answers.notna(), column].dropna().unique()):
            yield kind, str(area), wave.people[column] == area


def _told(found: Estimate | None, rules: Precision) -> dict[str, object]:
    if found is None or found.verdict(rules) == INSUFFICIENT:
        return {**dict.fromkeys(_TOLD[:3], np.nan), "respondents": None, "state": INSUFFICIENT}
    return {
        "share": found.value,
        "lower": found.lower,
        "upper": found.upper,
        "respondents": found.respondents,
        "state": words.SHOWN,
    }


def _compared(months: list[pd.Timestamp]) -> list[int]:
    """Return the places of what the last month is compared with: before, and a year before."""
    if not months:
        return []
    year_before = months[-1] - pd.DateOffset(years=1)
    earlier = range(len(months) - 1)
    return sorted({*list(earlier)[-1:], *(k for k in earlier if months[k] == year_before)})


def _wave_changes(
    before: SurveyWave, now: SurveyWave, indicator: str, settings: Settings
) -> list[dict[str, object]]:
    rules = Precision(minimum_respondents=settings.disclosure.minimum_respondents)
    boroughs = set(before.people["borough"].dropna()) & set(now.people["borough"].dropna())
    near = sorted(boroughs) if is_told_by_colonia(indicator) else []
    rows = []
    for kind, area in [("city", settings.lab.municipality), *(("borough", name) for name in near)]:
        domains = None
        if kind == "borough":
            domains = (before.people["borough"] == area, now.people["borough"] == area)
        found = compare_waves(before.wave(indicator), now.wave(indicator), domains)
        # Two figures of which one may not be shown make no change that may.
        pair = zip((before, now), domains or (None, None), strict=True)
        told = [estimate_share(one.design, one.answers[indicator], part) for one, part in pair]
        judged = all(one.verdict(rules) != INSUFFICIENT for one in told)
        shown = judged and not np.isnan(found.lower)
        periods = (before.month, now.month)
        rows.append(_change(kind, area, indicator, periods, found if shown else None))
        rows[-1] |= {"source": _source(now)}
    return rows


def _city_changes(
    city_perception: pd.DataFrame, city: str, window: Window
) -> list[dict[str, object]]:
    """Return the changes of the official series; its samples overlap, and are taken for apart.

    That errs on the safe side, and so does the upper end of INEGI's class of variation.
    """
    mine = city_perception["city"] == city
    rows = []
    for indicator, series in city_perception[mine].groupby("indicator"):
        known = series[(series["quarter"] < window.end) & series["cv"].notna()]
        known = known.sort_values("quarter").set_index("quarter")
        months = list(known.index)
        for k in _compared(months):
            ends = known.loc[[months[k], months[-1]]]
            error = float(np.sqrt(((ends["cv"] * ends["share"]) ** 2).sum()))
            pair = (float(ends["share"].iloc[0]), float(ends["share"].iloc[1]))
            found = difference(pair, error, _MANY, 0, level=0.95)
            periods = (months[k], months[-1])
            rows.append(_change("city", city, str(indicator), periods, found))
            rows[-1] |= {"respondents": None, "source": "city_perception"}
    return rows


def _change(
    kind: str,
    area: str,
    indicator: str,
    periods: tuple[pd.Timestamp, pd.Timestamp],
    found: Difference | None,
) -> dict[str, object]:
    return {
        "area_kind": kind,
        "area": area,
        "indicator": indicator,
        "before_period": periods[0],
        "period": periods[1],
        "before": found.before if found else np.nan,
        "now": found.now if found else np.nan,
        "difference": found.value if found else np.nan,
        "lower": found.lower if found else np.nan,
        "upper": found.upper if found else np.nan,
        "p_value": found.p_value if found else np.nan,
        "q_value": np.nan,
        "verdict": "unknown",
        "respondents": found.respondents if found else None,
        "state": words.SHOWN if found else INSUFFICIENT,
        "source": "survey",
    }


def _verdicts(value: pd.Series, q_value: pd.Series) -> pd.Series:
    verdict = pd.Series("none", index=value.index, dtype="str")
    told = q_value <= _FALSE_ALARM
    verdict[told & (value > 0)] = "increase"
    verdict[told & (value < 0)] = "decrease"
    return verdict.where(q_value.notna(), "unknown")


def _without_withheld(perception: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    if not edition.is_public:
        return perception
    hidden = (perception["area_kind"] == "colonia") & perception["area"].isin(edition.withheld)
    told = list(_TOLD)
    emptied = perception[told].mask(hidden)
    return perception.assign(
        **{name: emptied[name] for name in told},
        state=perception["state"].mask(hidden, words.SUPPRESSED),
    )
