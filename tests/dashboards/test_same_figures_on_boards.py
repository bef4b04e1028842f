"""Map = table = text: the dashboards tell the figures of the released table."""

import re

import pandas as pd
import pytest

pytest.importorskip("voila")

from labtools.charts.figures import count_words, figure_words
from labtools.dashboards.data import open_released
from labtools.dashboards.explorer import ColoniaExplorer, house_pictures, house_sentences
from labtools.dashboards.municipal_map import MunicipalMap
from labtools.messages import speaking
from labtools.tables import vocabulary as words
from tests.publish.markup import Page
from tests.publish.released_example import GROUPS, released_tables, write_released
from tests.publish.test_same_figures import chosen, copied


@pytest.fixture(scope="module")
def many():
    return {
        name: pd.concat([copied(table, n) for n in range(3)], ignore_index=True)
        if "colonia_id" in table
        else table
        for name, table in released_tables().items()
    }


@pytest.fixture(scope="module")
def boards(many, tmp_path_factory):
    public = write_released(tmp_path_factory.mktemp("boards") / "public", many)
    for ficha in (public / "fichas").iterdir():
        ficha.rename(ficha.with_name(ficha.name.lower()))
    return open_released(public)


def figures_of(crime, colonia_id):
    """Return count and rate of each group of a colonia, in words, from the table alone."""
    rows = crime[crime["colonia_id"] == colonia_id].set_index("group")
    for group in GROUPS:
        row = rows.loc[group]
        state = str(row["state"])
        yield (
            group,
            count_words(row["events"], row["events_low"], row["events_high"], state),
            figure_words(row["rate"], row["lower"], row["upper"], state),
        )


def test_the_explorer_tells_the_figures_of_thirty_colonias(many, boards):
    wrong = {}
    with speaking("es_MX"):
        explorer = ColoniaExplorer(boards, pictures=house_pictures(), tell=house_sentences())
        for colonia_id in chosen(many):
            explorer.choose(colonia_id)
            shown = Page(explorer._ficha.value).text
            told = list(figures_of(many["crime"], colonia_id))
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
            by_name = {cells[n]: cells[n + 1 : n + 3] for n in range(4, len(cells), 4)}
            for colonia_id in ids:
                told = {g: [c, r] for g, c, r in figures_of(many["crime"], colonia_id)}
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
