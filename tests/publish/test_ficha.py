import pandas as pd
import pytest

from labtools.messages import speaking
from labtools.publish.ficha import compose_ficha, render_ficha
from labtools.tables.released import Released
from tests.publish.markup import Page
from tests.publish.released_example import ABSENT, WITHHELD, ficha_of

MAP = '<svg xmlns="http://www.w3.org/2000/svg"><title>map</title></svg>'


def page(released: Released, **sentences: tuple[str, ...]) -> Page:
    return Page(render_ficha(released, map_svg=MAP, language="en", sentences=sentences))


def with_table(released: Released, name: str, table: pd.DataFrame) -> Released:
    return Released(released.colonia_id, {**released.tables, name: table}, released.seal)


@pytest.mark.parametrize("colonia_id", ["C000", "C007", WITHHELD])
def test_every_number_of_the_crime_table_is_on_the_page(tables, colonia_id):
    released = ficha_of(tables, colonia_id)
    crime = released.tables["crime"]
    counts = crime[["events", "events_low", "events_high", "person_years"]].stack().dropna()
    rates = crime.select_dtypes("float").drop(columns="person_years").stack().dropna()

    found = page(released).text

    expected = {f"{n:,.0f}" for n in counts} | {
        f"{r:,.2f}" if 0 < r < 1 else f"{r:,.1f}" for r in rates
    }
    assert {figure for figure in expected if figure not in found} == set()


def test_crime_and_perception_stand_side_by_side_before_the_details(tables):
    found = page(ficha_of(tables, "C000"))

    headings = [
        words
        for words in found.words
        if words in {"Recorded crime", "Perception", "Recorded crime in detail"}
    ]
    cards = [a for a in found.all("div") if a.get("class") == "card"]
    assert headings == ["Recorded crime", "Perception", "Recorded crime in detail"]
    assert len(cards) == 2


def test_withheld_and_missing_figures_say_so_and_never_a_zero(tables):
    withheld = page(ficha_of(tables, WITHHELD))
    missing = page(ficha_of(tables, ABSENT))

    cells = [a.get("class") for a in withheld.all("td")]
    assert cells.count("suppressed") == 2 * 4 + 3  # crime by group, and three years
    assert [a.get("class") for a in missing.all("td")].count("missing") >= 5 * 4
    assert "0 (0 to" not in missing.text


def test_a_change_that_is_not_distinguishable_is_not_drawn(tables):
    released = ficha_of(tables, "C000")
    change = released.tables["change"].assign(verdict="none")

    found = page(with_table(released, "change", change))

    assert "No change can be told apart from chance in any group." in found.text
    assert "chart change" not in {a["class"] for a in found.all("svg") if "class" in a}


def test_only_the_groups_that_changed_are_drawn_and_the_rest_is_said(tables):
    released = ficha_of(tables, "C000")

    source = render_ficha(released, map_svg=MAP, language="en", sentences={})

    chart = source[source.index("chart change") :].split("</svg>")[0]
    changed = released.tables["change"].query("verdict == 'increase'")
    assert chart.count("increased.</desc>") == 1
    assert chart.count("polygon") == len(changed) + 1, "each row, and the legend"
    assert "In the other groups no change" in source


def test_sentences_stand_in_their_section_and_are_escaped(tables):
    told = {"place": ("Between <b>10</b> & 20.",), "unknowns": ("Nobody asked.",)}

    source = render_ficha(ficha_of(tables, "C000"), map_svg=MAP, language="en", sentences=told)

    place = source[source.index('<h2 id="place">') : source.index('<h2 id="change">')]
    assert "Between &lt;b&gt;10&lt;/b&gt; &amp; 20." in place
    assert "<li>Nobody asked.</li>" in source[source.index('<h2 id="unknowns">') :]


def test_the_seal_and_the_cut_dates_are_on_the_page(tables):
    released = ficha_of(tables, "C001")

    found = page(released).text

    assert released.seal in found
    assert "December 31, 2025" in found


def test_a_colonia_outside_the_programme_and_without_borough_still_has_its_page(tables):
    released = ficha_of(tables, "C001")
    profile = released.tables["profile"].assign(borough=None, entered_on=None, population=None)

    found = page(with_table(released, "profile", profile)).text

    assert "not in the programme" in found
    assert "no data" in found


def test_empty_tables_leave_sentences_and_not_empty_charts(tables):
    released = ficha_of(tables, "C001")
    for name in ("perception", "actions_done", "unknowns", "indicators", "series", "place"):
        released = with_table(released, name, released.tables[name].iloc[:0])

    found = page(released).text

    assert "No survey tells about this area." in found
    assert "The data hold no action of the programme in this colonia." in found


def test_the_page_speaks_the_language_asked_for_and_points_at_the_other(tables):
    released = ficha_of(tables, "C001")
    with speaking("en"):
        spanish = Page(render_ficha(released, map_svg=MAP, sentences={}))
        english = Page(
            render_ficha(released, map_svg=MAP, language="en", sentences={}, site_root="../..")
        )

    assert (spanish.all("html")[0]["lang"], english.all("html")[0]["lang"]) == ("es-MX", "en")
    assert "31 de diciembre de 2025" in spanish.text
    assert "../en/colonias/c001.html" in {a["href"] for a in spanish.all("a")}
    assert "../../colonias/c001.html" in {a["href"] for a in english.all("a")}


def test_a_total_that_is_not_the_count_of_its_year_says_why(tables):
    released = ficha_of(tables, "C000")
    total = released.tables["crime"].query("group == 'total'")["events"].iloc[0]
    start = released.tables["period"]["window_start"].iloc[0]
    years = released.tables["years"].copy()
    this = years["year"] == start
    years.loc[this, ["events", "events_low", "events_high"]] = [total + 3, total + 1, total + 5]
    alike = years.assign(events=total)

    other, same = (page(with_table(released, "years", it)).text for it in (years, alike))

    assert f"nearer the true count: {total + 3} ({total + 1} to {total + 5})." in other
    assert "rounded one by one" not in same


def test_words_of_the_lab_say_their_language_in_the_english_page_only(tables):
    released = ficha_of(tables, "C000")
    action = str(released.tables["actions_done"]["action_type"].iloc[0])
    pages = {
        language: render_ficha(released, map_svg=MAP, language=language, sentences={})
        for language in ("es_MX", "en")
    }

    assert f'<span lang="es-MX">{action}</span>' in pages["en"]
    assert '<span lang="es-MX">' not in pages["es_MX"]
    assert action in pages["es_MX"]


def test_the_same_ficha_gives_the_same_bytes(tables):
    released = ficha_of(tables, "C002")

    one, other = (render_ficha(released, map_svg=MAP, sentences={}) for _ in range(2))

    assert one == other


def test_insecurity_stands_beside_crime_and_the_other_answers_in_a_table(tables):
    source = render_ficha(ficha_of(tables, "C000"), map_svg=MAP, language="en", sentences={})

    card = source[source.index("chart perception") :].split("</svg>")[0]
    answers = source[source.index('id="answers"') : source.index('id="unknowns"')]
    assert "57 % (48 to 66 %)" in card
    assert "neighbours" not in card
    assert "38 % (35 to 41 %)" in answers
    assert "57 %" not in answers


def test_what_is_not_known_has_no_column_of_figures_that_nobody_tells(tables):
    one = ficha_of(tables, "C000")
    rows = pd.DataFrame({"colonia_id": ["C000"], "what": ["not_located"], "n": [None]})
    rows = rows.assign(share=[0.06]).astype({"n": "Int64"})

    with speaking("en"):
        told = compose_ficha(with_table(one, "unknowns", rows), map_svg=MAP, sentences={})

    (table,) = next(it for it in told.sections if it.key == "unknowns").tables
    assert table.heads[1:] == ("Share",)
    assert [cell.words for cell in table.rows[0]] == ["without colonia", "6.0 %"]
