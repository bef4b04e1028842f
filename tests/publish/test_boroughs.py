"""A page for each borough: every colonia of it, in the order of the alphabet."""

from labtools.charts.figures import figure_words
from labtools.messages import speaking
from labtools.publish.boroughs import borough_facts, borough_files
from labtools.tables.noting import Noting
from tests.publish.markup import page_of


def colonias_of(tables, name):
    shown = tables["colonias_shown"]
    return shown[shown["borough"] == name]


def test_every_borough_has_its_page_in_each_language_and_the_first_page_leads_there(site, tables):
    files = borough_files(tables)

    assert set(files) == set(tables["colonias_shown"]["borough"].dropna()) - {""}
    for folder, home in (("delegaciones", "index.html"), ("en/boroughs", "en/index.html")):
        assert {file.name for file in (site / folder).iterdir()} == set(files.values())
        links = {a["href"] for a in page_of(site / home).all("a")}
        assert {f"{folder.split('/')[-1]}/{file}" for file in files.values()} <= links


def test_a_borough_tells_every_colonia_of_its_own_once_and_in_order(tables):
    with speaking("en"):
        pages = {name: borough_facts(tables, name) for name in borough_files(tables)}

    for name, facts in pages.items():
        told = [row[0].words for row in facts["figures"].rows]
        assert sorted(told) == sorted(colonias_of(tables, name)["name"])
        assert told == sorted(told, key=str.casefold) or any(not one.isascii() for one in told)


def test_the_page_of_a_borough_asks_only_for_what_it_tells(tables):
    asked = Noting(tables)

    borough_facts(asked, next(iter(borough_files(tables))))

    assert asked.asked == {"colonias_shown", "crime", "change", "perception", "period"}


def test_the_rates_of_a_borough_are_those_of_the_table(tables):
    crime = tables["crime"].query("group == 'total'").set_index("colonia_id")
    names = tables["colonias_shown"].set_index("colonia_id")["name"]

    with speaking("en"):
        for facts in (borough_facts(tables, name) for name in borough_files(tables)):
            here = colonias_of(tables, facts["title"])["colonia_id"]
            expected = {
                (
                    names[key],
                    figure_words(
                        *crime.loc[key, ["smoothed", "smoothed_lower", "smoothed_upper", "state"]]
                    ),
                )
                for key in here
                if key in crime.index
            }
            told = {(row[0].words, row[2].words) for row in facts["figures"].rows}
            assert expected <= told


def test_two_boroughs_whose_names_are_written_alike_have_a_page_each(tables):
    shown = tables["colonias_shown"].copy()
    shown["borough"] = ["San José" if n % 2 else "San Jose" for n in range(len(shown))]

    files = borough_files({"colonias_shown": shown})

    assert len(set(files.values())) == 2
