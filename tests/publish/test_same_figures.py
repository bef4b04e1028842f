"""Map = table = text: page, paper and workbook tell the figures of the released table."""

import math
import random
import re

import openpyxl
import pandas as pd
import pytest

from labtools.charts.figures import count_words, figure_words
from labtools.charts.ground import ground_of
from labtools.charts.maps import locator_map
from labtools.charts.tiers import tier_map
from labtools.messages import speaking
from labtools.narrative import sentences
from labtools.publish.open_data import HOLDS, open_tables
from labtools.publish.paper import print_ficha
from labtools.publish.site import build_site
from labtools.tables import vocabulary as words
from labtools.tables.contracts import CONTRACTS, check_table
from tests.publish.markup import page_of
from tests.publish.poisoned import poisoned_tables
from tests.publish.released_example import GROUPS, ficha_of, released_tables, write_released
from tests.publish.test_paper import words_of

COLONIAS = 30
GROUPED = ("dark_figure", "place")


@pytest.fixture(scope="module")
def many():
    """A released edition of thirty-three colonias with ficha, each with figures of its own."""
    tables = {
        name: pd.concat([copied(table, n) for n in range(3)], ignore_index=True)
        if "colonia_id" in table
        else table
        for name, table in released_tables().items()
    }
    return {**tables, **told_of_each(tables)}


def copied(table: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return the rows of each colonia as those of another one, with other figures."""
    more = table.assign(colonia_id="CDE"[n] + table["colonia_id"].str[1:])
    for column in ("rate", "lower", "upper", "smoothed", "smoothed_lower", "smoothed_upper"):
        if column in more and "smoothed" in more:
            more[column] = more[column] * (1 + 0.13 * n)
    for column in ("events", "events_low", "events_high"):
        if column in more:
            more[column] = more[column] + 3 * n
    return more


def told_of_each(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return what the example tells of one colonia only, told of each with figures of its own."""
    with_page = tables["colonias_shown"].query("has_ficha")["colonia_id"].tolist()
    dark = tables["dark_figure"].query("state == 'shown'").drop_duplicates("group")
    gap = tables["fear_gap"].query("state == 'shown'").head(1)
    felt = tables["perception"].query("area_kind == 'city' and indicator == 'insecurity'")
    asked = poisoned_tables()["proposals"].assign(caveats="", name="Alumbrado público")
    rows: dict[str, list[pd.DataFrame]] = {
        name: [] for name in ("dark_figure", "fear_gap", "perception", "proposals", "change")
    }
    change = tables["change"].query("state == 'shown'").head(1)
    for k, key in enumerate(with_page):
        up = {c: dark[c] + 7 * k for c in ("probable", "lower", "upper")}
        up |= {c: dark[c] + 0.01 * (k % 30) for c in ("reporting_lower", "reporting_upper")}
        rows["dark_figure"].append(dark.assign(colonia_id=key, **up))
        rows["fear_gap"].append(gap.assign(colonia_id=key, fear_only=0.55 + 0.01 * k))
        share = {c: felt[c] + 0.01 * k for c in ("share", "lower", "upper")}
        rows["perception"].append(felt.assign(area_kind="colonia", area=key, **share))
        ends = {"crime_lower": -0.41 - 0.01 * k, "crime_upper": -0.02 - 0.01 * k}
        fewer = {"fewer_lower": 1.0 + k, "fewer_upper": 40.0 + k}
        rows["proposals"].append(asked.assign(colonia_id=key, **ends, **fewer))
        counts = {
            "before": 6 + 3 * k,
            "now": 60 + 9 * k,
            "lower": 1.31 + 0.02 * k,
            "upper": 4.52 + k,
        }
        verdict = {"verdict": "increase", "group": "theft"}
        rows["change"].append(change.assign(colonia_id=key, **counts, **verdict))
    more = {name: pd.concat(parts, ignore_index=True) for name, parts in rows.items()}
    kept = tables["perception"].query("area_kind != 'colonia'")
    more["perception"] = pd.concat([kept, more["perception"]], ignore_index=True)
    return {name: check_table(name, table) for name, table in more.items()}


@pytest.fixture(scope="module")
def made(many, tmp_path_factory):
    folder = tmp_path_factory.mktemp("same")
    return build_site(
        write_released(folder / "public", many), folder / "site", tell=sentences
    ).folder


def chosen(many):
    with_page = many["colonias_shown"].query("has_ficha")["colonia_id"].tolist()
    return random.Random(7).sample(with_page, COLONIAS)  # noqa: S311 - a choice, not a secret


def expected(crime: pd.DataFrame, colonia_id: str) -> list[str]:
    """Return the cells of a colonia's table of crime, as words, from the released figures alone."""
    rows = crime[crime["colonia_id"] == colonia_id].set_index("group")
    cells = []
    for group in GROUPS:
        row = rows.loc[group]
        state = str(row["state"])
        cells.append(count_words(row["events"], row["events_low"], row["events_high"], state))
        cells.append(figure_words(row["rate"], row["lower"], row["upper"], state))
        low, high = row["smoothed_lower"], row["smoothed_upper"]
        cells.append(figure_words(row["smoothed"], low, high, state))
    return cells


def years_told(years: pd.DataFrame, colonia_id: str) -> list[str]:
    """Return what is told of each calendar year of a colonia: its count with its range."""
    rows = years[years["colonia_id"] == colonia_id].to_dict("records")
    return [
        f"{row['year'].year} "
        + count_words(row["events"], row["events_low"], row["events_high"], row["state"])
        for row in rows
    ]


def summed(row: pd.Series, period: str) -> str:
    """Return a count of four quarters with the range of the true one.

    Rounding to base 3 keeps a multiple of three and moves every other count by a variance of 2:
    of remainders that are alike, 4/3 for each of the quarter's counts.
    """
    cells = 4 * (4 if row["group"] == words.TOTAL else 1)
    reach = math.ceil(1.96 * math.sqrt(cells * 4 / 3))
    return f"{row[period]} ({max(0, row[period] - reach)} a {row[period] + reach})"


def told_in_words(many, colonia_id: str) -> list[str]:
    """Return the phrases that tell the other tables of a colonia, from their figures alone."""

    def row(name: str, key: str = "colonia_id") -> pd.Series:
        table = many[name]
        table = table[table[key] == colonia_id]
        return (table[table["group"] == words.TOTAL] if name in GROUPED else table).iloc[0]

    change, felt, dark = row("change"), row("perception", "area"), row("dark_figure")
    gap, place, asked = row("fear_gap"), row("place"), row("proposals")
    before, now = (summed(change, period) for period in ("before", "now"))
    least, most = (f"{100 * (change[end] - 1):,.0f}" for end in ("lower", "upper"))
    share, low, high = (f"{100 * felt[end]:.0f}" for end in ("share", "lower", "upper"))
    phrases = [
        f"de {before} a {now} en doce meses (entre {least} % y {most} % más",
        f"{share} de cada 100 personas se sienten inseguras en su ciudad (entre {low} y {high};",
        f"entre {100 * dark['reporting_lower']:.0f} y {100 * dark['reporting_upper']:.0f} se ",
        f"unos {dark['probable']:.0f} delitos (entre {dark['lower']:.0f} y {dark['upper']:.0f})",
        f"Lo más probable, {100 * gap['fear_only']:.0f} de 100",
        f"entre {-100 * asked['crime_upper']:.0f} % y {-100 * asked['crime_lower']:.0f} % menos",
        f"de {asked['fewer_lower']:.0f} a {asked['fewer_upper']:.0f} delitos registrados menos",
    ]
    if place["state"] == words.SHOWN:
        low, high = (f"{100 * place[end]:.0f}" for end in ("lower_share", "upper_share"))
        phrases.append(f"entre {low} y {high} tienen una tasa estabilizada")
    return phrases


def unbroken(told: str) -> str:
    """Return words of paper without the hyphens at the ends of its lines."""
    return re.sub(r"(?<=[a-zñáéíóú])[-\u2010\u00ad] (?=[a-zñáéíóú])", "", told)


def test_the_page_and_the_paper_tell_the_figures_of_thirty_colonias(many, made):
    ground = ground_of(many["colonias_shown"])
    wrong = {}
    for colonia_id in chosen(many):
        released = ficha_of(many, colonia_id)
        with speaking("es_MX"):
            told = expected(many["crime"], colonia_id)
            years = years_told(many["years"], colonia_id)
            drawn = locator_map(ground, colonia_id)
            printed_ficha = print_ficha(released, map_svg=drawn, sentences=sentences(released))
            paper = unbroken(words_of(printed_ficha))
            phrases = told_in_words(many, colonia_id)
        page = " ".join(page_of(made / "colonias" / f"{colonia_id.lower()}.html").text.split())
        absent = [cell for cell in told if cell not in page or cell not in paper]
        absent += [phrase for phrase in phrases if phrase not in page]
        absent += [f"paper: {phrase}" for phrase in phrases if phrase not in paper]
        printed = paper.replace(":", "")
        absent += [year for year in years if year not in page or year not in printed]
        if absent:
            wrong[colonia_id] = absent

    assert wrong == {}


@pytest.fixture(scope="module")
def sheets(made):
    found = {}
    for name in HOLDS:
        book = openpyxl.load_workbook(made / "data" / f"{name}.xlsx", read_only=True)
        rows = list(book.worksheets[0].iter_rows(values_only=True))
        found[name] = pd.DataFrame(rows[1:], columns=rows[0])
    return found


OF_COLONIAS = [name for name in HOLDS if "colonia_id" in CONTRACTS[name].columns]


@pytest.mark.parametrize("name", OF_COLONIAS)
def test_workbook_and_csv_tell_every_figure_of_thirty_colonias(many, made, sheets, name):
    released, ids = open_tables(many)[name], chosen(many)
    released = released[released["colonia_id"].isin(ids)].reset_index(drop=True)
    files = {
        "workbook": sheets[name],
        "CSV": pd.read_csv(made / "data" / f"{name}.csv", encoding="utf-8-sig"),
    }

    for told in files.values():
        mine = told[told["colonia_id"].isin(ids)].reset_index(drop=True)
        assert len(mine) == len(released)
        for column in released.select_dtypes("number").columns:
            truth = released[column].astype("float64")
            read = pd.to_numeric(mine[column]).astype("float64")
            pd.testing.assert_series_equal(read, truth, check_names=False, rtol=1e-9)


def test_the_map_tells_the_tiers_of_the_table(many):
    crime = many["crime"]
    total = crime[crime["group"] == words.TOTAL].set_index("colonia_id")
    shown = many["colonias_shown"]["colonia_id"]
    tiers = total["versus_municipality"].where(total["state"] == words.SHOWN, total["state"])
    counted = tiers.reindex(shown, fill_value=words.MISSING).value_counts()

    with speaking("en"):
        drawn = tier_map(many["colonias_shown"], crime)

    with speaking("en"):
        labels = {tier: words.label(str(tier)) for tier in counted.index if tier != "unknown"}
    for tier, label in labels.items():
        assert f"{label}: {counted[tier]} colonia" in drawn
