"""A colonia's page: where it is, what is recorded, what people say, and what is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
from markupsafe import Markup

from labtools.charts.change import change_chart
from labtools.charts.intervals import interval_chart
from labtools.charts.perception import perception_chart
from labtools.charts.place import place_chart
from labtools.charts.series import series_chart
from labtools.messages import DEFAULT_LANGUAGE, speaking
from labtools.publish import figures
from labtools.publish.pages import inline, render
from labtools.publish.wording import ficha_words
from labtools.tables.released import Released, slug

#: Sections told in sentences.  Who lives there and the sources are told by their tables, which
#: hold the same figures.
_SECTIONS = ("where", "crime", "change", "place", "perception", "actions", "unknowns")
_DISTINGUISHABLE = ("increase", "decrease")


def render_ficha(
    released: Released,
    *,
    map_svg: str,
    language: str = DEFAULT_LANGUAGE,
    sentences: Mapping[str, Sequence[str]],
    site_root: str = "..",
) -> str:
    """Return the page of one colonia: the same tables give the same bytes.

    Parameters
    ----------
    released : Released
        The colonia's slices of the released tables.
    map_svg : str
        Its map, by `labtools.charts.maps.locator_map`: markup that is escaped already.
    language : {"es_MX", "en"}
        Edition.
    sentences : mapping of section to sentences
        Plain sentences that narrate the same tables; they are escaped here.
    site_root : str
        Way from the page to the top of the site.
    """
    with speaking(language):
        return render("ficha", language, site_root, _facts(released, map_svg, sentences))


def _facts(
    released: Released, map_svg: str, sentences: Mapping[str, Sequence[str]]
) -> dict[str, object]:
    tables = released.tables
    profile = tables["profile"]
    name = str(profile["name"].iloc[0])
    page = f"colonias/{slug(released.colonia_id)}.html"
    return {
        "here": dict.fromkeys(("es_MX", "en"), page),
        "title": name,
        "words": ficha_words(),
        "period": figures.period_words(tables["period"]),
        "place_name": str(tables["period"]["municipality"].iloc[0]),
        "lab": str(tables["period"]["lab"].iloc[0]),
        "contact": figures.contact_words(tables["period"]),
        "told": {section: tuple(sentences.get(section, ())) for section in _SECTIONS},
        "facts": _facts_untold(profile, sentences),
        "seal": released.seal,
        "outdated": released.outdated,
        "map": inline(map_svg),
        **_charts(tables),
        **_rows(tables),
    }


def _facts_untold(
    profile: pd.DataFrame, sentences: Mapping[str, Sequence[str]]
) -> list[tuple[str, figures.Cell]]:
    """Return the profile's facts, without those that sentences tell already."""
    place = [] if sentences.get("where") else figures.profile_facts(profile)
    return [*place, figures.population_fact(profile)]


def _charts(tables: Mapping[str, pd.DataFrame]) -> dict[str, Markup | None]:
    change, perception = tables["change"], tables["perception"]
    asked = _beside_crime(perception)
    told = change.loc[change["verdict"].isin(_DISTINGUISHABLE)]
    return {
        "crime_chart": _drawn(interval_chart, tables["crime"]),
        "perception_chart": _drawn(perception_chart, perception.loc[asked]),
        "series_chart": _drawn(series_chart, tables["series"]),
        "place_chart": _drawn(place_chart, tables["place"]),
        "change_chart": _drawn(change_chart, told),
    }


def _beside_crime(perception: pd.DataFrame) -> pd.Series:
    """Say which rows stand beside recorded crime: the feeling of insecurity, if it was asked."""
    insecurity = perception["indicator"] == "insecurity"
    return insecurity if insecurity.any() else insecurity | True


def _drawn(chart: Callable[[pd.DataFrame], str], table: pd.DataFrame) -> Markup | None:
    return None if table.empty else inline(chart(table))


def _rows(tables: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    change, perception = tables["change"], tables["perception"]
    areas, answers = figures.perception_table(perception.loc[~_beside_crime(perception)])
    return {
        "crime_rows": figures.crime_rows(tables["crime"]),
        "exposure": figures.exposure_words(tables["crime"]),
        "indicator_rows": figures.indicator_rows(tables["indicators"]),
        "action_rows": figures.action_rows(tables["actions_done"]),
        "areas_asked": areas,
        "perception_rows": answers,
        "unknown_rows": figures.unknown_rows(tables["unknowns"]),
        "source_rows": figures.source_rows(tables["sources"]),
        "some_unchanged": bool((change["verdict"] == "none").any()),
    }
