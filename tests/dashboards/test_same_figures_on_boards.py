"""Map = table = text: the dashboards tell the figures of the released table."""

import re

import pandas as pd
import pytest

pytest.importorskip("voila")

from labtools.charts.figures import change_words, count_words, figure_words, share_words
from labtools.dashboards.alerts import Alerts
from labtools.dashboards.data import open_released
from labtools.dashboards.evaluations import EvaluationPage
from labtools.dashboards.explorer import ColoniaExplorer, house_pictures, house_sentences
from labtools.dashboards.felt import FeltPage
from labtools.dashboards.municipal_map import MunicipalMap
from labtools.dashboards.programme import ProgrammePage
from labtools.messages import number, speaking
from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table
from tests.browser.released_example import edition
from tests.publish.evaluation_example import evaluation
from tests.publish.markup import Page
from tests.publish.released_example import GROUPS, released_tables, write_released
from tests.publish.test_same_figures import chosen, copied, summed


@pytest.fixture(scope="module")
def many():
    tables = {
        name: pd.concat([copied(table, n) for n in range(3)], ignore_index=True)
        if "colonia_id" in table
        else table
        for name, table in released_tables().items()
    }
    ids = tables["colonias_shown"]["colonia_id"].tolist()
    tables["perception"] = felt_everywhere(tables["perception"], ids)
    tables["dark_figure"] = probable_everywhere(tables["dark_figure"], ids)
    tables["proposals"] = proposed_everywhere(ids)
    return {name: check_table(name, table) for name, table in tables.items()}


def felt_everywhere(perception: pd.DataFrame, ids: list[str]) -> pd.DataFrame:
    """Return the answers with one share of each colonia, all of them different."""
    city = perception[(perception["area_kind"] == "city") & (perception["share"].notna())].iloc[[0]]
    rows = pd.concat([city] * len(ids), ignore_index=True)
    shares = pd.Series([0.21 + 0.013 * n for n in range(len(ids))])
    rows = rows.assign(area_kind="colonia", area=ids, share=shares)
    others = perception[perception["area_kind"] != "colonia"]
    limits = {"lower": shares - 0.06, "upper": shares + 0.08}
    return pd.concat([others, rows.assign(**limits)], ignore_index=True)


def probable_everywhere(dark_figure: pd.DataFrame, ids: list[str]) -> pd.DataFrame:
    """Return recorded beside probable crime of each colonia, all of them different."""
    one = dark_figure[dark_figure["state"] == "shown"]
    one = one[one["colonia_id"] == one["colonia_id"].iloc[0]]
    return pd.concat(
        [
            one.assign(
                colonia_id=key,
                probable=one["probable"] + 7.0 * n,
                lower=one["lower"] + 5.0 * n,
                upper=one["upper"] + 11.0 * n,
            )
            for n, key in enumerate(ids)
        ],
        ignore_index=True,
    )


def proposed_everywhere(ids: list[str]) -> pd.DataFrame:
    """Return one action with a figure, proposed in every colonia, each with its own."""
    one = edition()["proposals"].iloc[[0]]
    return pd.concat(
        [
            one.assign(colonia_id=key, fewer_lower=0.1 * n, fewer_upper=1 + 0.3 * n)
            for n, key in enumerate(ids)
        ],
        ignore_index=True,
    )


@pytest.fixture(scope="module")
def boards(many, tmp_path_factory):
    public = write_released(tmp_path_factory.mktemp("boards") / "public", many)
    return open_released(public)


#: The rate that a reading stands beside.
STEADIED = ("smoothed", "smoothed_lower", "smoothed_upper")


def figures_of(crime, colonia_id, rate=("rate", "lower", "upper")):
    """Return count and rate of each group of a colonia, in words, from the table alone."""
    rows = crime[crime["colonia_id"] == colonia_id].set_index("group")
    for group in GROUPS:
        row = rows.loc[group]
        state = str(row["state"])
        yield (
            group,
            count_words(row["events"], row["events_low"], row["events_high"], state),
            figure_words(*(row[name] for name in rate), state),
        )


def test_the_explorer_tells_the_figures_of_thirty_colonias(many, boards):
    wrong = {}
    with speaking("es_MX"):
        explorer = ColoniaExplorer(boards, pictures=house_pictures(), tell=house_sentences())
        for colonia_id in chosen(many):
            explorer.choose(colonia_id)
            shown = Page(explorer._ficha.value).text
            told = list(figures_of(many["crime"], colonia_id, STEADIED))
            total = {count for group, count, _ in told if group == words.TOTAL}
            expected = [*(rate for _, _, rate in told), *total]
            absent = [cell for cell in expected if cell not in shown]
            if absent:
                wrong[colonia_id] = absent

    assert wrong == {}


def test_the_map_of_the_municipality_tells_and_paints_the_figures_of_thirty_colonias(many, boards):
    ids, wrong = chosen(many), {}
    with speaking("es_MX"):
        board = MunicipalMap(boards)
        for group in GROUPS:
            board.choose_group(group)
            cells = re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", board._rows.value)
            by_name = {cells[n]: cells[n + 1 : n + 4] for n in range(5, len(cells), 5)}
            for colonia_id in ids:
                told = {g: [c, r] for g, c, r in figures_of(many["crime"], colonia_id)}
                for g, _, steadied in figures_of(many["crime"], colonia_id, STEADIED):
                    told[g].append(steadied)
                if by_name.get(board._names[colonia_id]) != told[group]:
                    wrong[colonia_id, group] = by_name.get(board._names[colonia_id]), told[group]

    assert wrong == {}


def test_colonias_are_painted_alike_just_where_the_table_says_the_same_of_them(many, boards):
    crime = many["crime"]
    total = crime[crime["group"] == words.TOTAL].set_index("colonia_id")
    tiers = total["versus_municipality"].where(total["state"] == words.SHOWN, total["state"])

    painted = MunicipalMap(boards)._map._tiers.data["features"]
    signs = {
        f["properties"]["colonia_id"]: str(f["properties"]["style"]["fillColor"]) for f in painted
    }

    told = pd.DataFrame({"sign": pd.Series(signs), "tier": tiers}).dropna()
    assert len(told) >= len(chosen(many))
    pairs = told.drop_duplicates()
    assert pairs["sign"].is_unique
    assert pairs["tier"].is_unique


def rows_of(source: str) -> list[list[str]]:
    """Return the cells of each row of a table in a page."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", source, re.DOTALL)
    return [re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", row) for row in rows]


def test_the_page_of_perception_tells_the_shares_and_probable_crime_of_thirty_colonias(
    many, boards
):
    asked = many["perception"].set_index("area")
    probable = many["dark_figure"].query(f"group == '{words.TOTAL}'").set_index("colonia_id")
    wrong = {}
    with speaking("es_MX"):
        board = FeltPage(boards)
        for colonia_id in chosen(many):
            board.choose(colonia_id)
            shown = Page(board._told.value).text
            felt, dark = asked.loc[colonia_id], probable.loc[colonia_id]
            share = share_words(felt["share"], felt["lower"], felt["upper"], words.SHOWN)
            most, low, high = (number(dark[name]) for name in ("probable", "lower", "upper"))
            told = (share, f"{most} delitos (entre {low} y {high})")
            absent = [cell for cell in told if cell not in shown]
            if absent:
                wrong[colonia_id] = absent

    assert wrong == {}


def test_the_page_of_changes_tells_every_change_that_can_be_told_apart_and_no_other(many, boards):
    change = many["change"]
    found = change[change["verdict"].isin(["increase", "decrease"])]
    with speaking("es_MX"):
        board = Alerts(boards)
        shown = rows_of(board._rows.value)[1:]
        said = Page(board._rows.value).text
        told = [
            [
                board._names[row["colonia_id"]],
                words.label(row["group"]),
                words.label(row["verdict"]),
                summed(row, "before"),
                summed(row, "now"),
                change_words(row["ratio"], row["lower"], row["upper"], row["state"]),
            ]
            for row in found.to_dict("records")
        ]

    up = change[change["verdict"] == "increase"]["colonia_id"].nunique()
    assert f"aumento: {up} colonias." in board._map.value
    assert sorted(shown) == sorted(told)
    assert found["colonia_id"].nunique() > 2
    assert said.startswith(f"{len(found)} comparaciones de {len(change)} ")


def test_the_page_of_evaluations_tells_every_effect_and_its_interval(boards):
    effects = evaluation().query("aspect == 'effect'")
    with speaking("es_MX"):
        shown = Page(EvaluationPage(boards)._told.value).text
        told = [
            number(abs(row[end]), 1)
            for row in effects.to_dict("records")
            for end in ("value", "lower", "upper")
        ]

    assert len(told) == 6
    assert [figure for figure in told if figure not in shown] == []


def test_the_page_of_budgets_tells_by_borough_what_its_colonias_add_up_to(many, boards):
    crime = many["crime"].query(f"group == '{words.TOTAL}' and state == '{words.SHOWN}'")
    places = many["colonias_shown"].set_index("colonia_id")
    known = crime["colonia_id"][crime["colonia_id"].map(places["population"]).notna()]
    fewer = many["proposals"].set_index("colonia_id")[["fewer_lower", "fewer_upper"]]
    by_borough = fewer.loc[known].groupby(places["borough"])
    with speaking("es_MX"):
        board = ProgrammePage(boards)
        board.budget.value = 10**9
        shown = {row[0]: row[1:] for row in rows_of(board.answer.value)[1:]}
        told = {
            borough: [
                number(len(here)),
                number(len(here)),
                number(60_000 * len(here)),
                " a ".join(number(end) for end in here.sum()),
            ]
            for borough, here in by_borough
        }

    mapped = Page(board.map.value).text
    assert len(told) > 1
    assert shown == told
    assert [it for it in told if f"{it}: {told[it][1]} de {told[it][0]}." not in mapped] == []
