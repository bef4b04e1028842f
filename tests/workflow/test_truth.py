"""The demo's truth is known: what the workbench says of it can be checked."""

import pandas as pd
import pytest

from labtools.demo.kinds import kinds, kinds_of, recorded_mix
from labtools.tables import vocabulary as words

pytestmark = [pytest.mark.slow]
GROUPS = (*words.GROUPS, words.SENSITIVE)
#: Kinds that the demo counts in one group and the classifier, for a reason, in another.
MOVED = {
    "DAÑO EN PROPIEDAD AJENA CULPOSA POR TRÁNSITO VEHICULAR A AUTOMOVIL": ("theft", "other"),
    "FEMINICIDIO": ("violence", "sensitive"),
}


@pytest.fixture(scope="module")
def truth(finished):
    def read(name):
        return pd.read_parquet(finished.root / "truth" / f"{name}.parquet")

    return read


@pytest.fixture(scope="module")
def panel(finished):
    panel = pd.read_parquet(finished.processed / "panel.parquet")
    return panel[panel["record_type"] == "case_file"]


@pytest.fixture(scope="module")
def classified(finished):
    folder = finished.interim("classified")
    return pd.read_parquet(folder / "carpetas.classified.parquet")


def test_every_recorded_crime_is_in_the_panel_or_told_as_not_located(truth, panel, classified):
    recorded = truth("intensity")["recorded"].sum()

    assert panel["events"].sum() + classified["colonia_id"].isna().sum() == recorded


def test_each_group_has_the_crimes_that_the_demo_recorded_in_it(truth, panel, classified):
    recorded = truth("intensity").groupby("group")["recorded"].sum()
    # A fault of the suppliers: subjects cut at sixty characters.
    cut = {kind.name[:60]: kind.name for kind in kinds() if len(kind.name) > 60}
    subject = classified["subject"].replace(cut)
    for name, (demo, ours) in MOVED.items():
        n = (subject == name).sum()
        recorded[demo] -= n
        recorded[ours] += n

    counted = panel.groupby("group")["events"].sum()
    lost = classified[classified["colonia_id"].isna()].groupby("crime_group").size()

    found = (counted + lost.reindex(counted.index, fill_value=0)).astype(int)
    assert found[list(GROUPS)].to_dict() == recorded[list(GROUPS)].astype(int).to_dict()


def test_located_crimes_are_in_the_colonia_where_they_happened(truth, finished):
    # Exact except where a file's point was moved or its colonia written in another way.
    internal = pd.read_parquet(
        finished.reports / "latest" / "internal" / "city" / "internal" / "crime.parquet"
    )
    window = truth("intensity").query("month >= '2025-01-01' and group != 'sensitive'")
    recorded = window.groupby("colonia_id")["recorded"].sum()

    counted = internal[internal["group"] == words.TOTAL].set_index("colonia_id")["events"]

    off = (counted.astype(int) - recorded.reindex(counted.index)).abs()
    assert off.sum() / recorded.sum() < 0.02
    assert (off <= 2).mean() > 0.97


@pytest.fixture(scope="module")
def expected(truth):
    """Recorded crimes to be expected in the last year, by colonia and group as classified."""
    window = truth("intensity").query("month >= '2025-01-01'")
    table = window.pivot_table(
        index="colonia_id", columns="group", values="expected_recorded", aggfunc="sum"
    )
    for name, (demo, ours) in MOVED.items():
        names = [kinds()[k].name for k in kinds_of(demo)]
        moved = table[demo] * recorded_mix(demo)[names.index(name)]
        table[demo] -= moved
        table[ours] += moved
    return table.assign(**{words.TOTAL: table[list(words.GROUPS)].sum(axis=1)})


def held(bench, edition, expected, group, limits):
    """Return the share of colonias whose true rate lies within the limits."""
    folder = bench.reports / "latest" / "internal" / "city" / edition
    crime = pd.read_parquet(folder / "crime.parquet")
    rows = crime[(crime["group"] == group) & crime["rate"].notna()].set_index("colonia_id")
    true_rate = expected[group].reindex(rows.index) / rows["person_years"] * 1_000
    return ((rows[limits[0]] <= true_rate) & (true_rate <= rows[limits[1]])).mean()


@pytest.mark.parametrize("group", [*words.GROUPS, words.TOTAL])
def test_intervals_cover_the_true_expected_rates_of_nearly_all_colonias(expected, finished, group):
    # 412 colonias: the standard error of the share is 0.011 around the promised 0.95.
    for limits in (("lower", "upper"), ("smoothed_lower", "smoothed_upper")):
        assert held(finished, "internal", expected, group, limits) >= 0.93, limits


@pytest.mark.parametrize("edition", ["internal", "public"])
@pytest.mark.parametrize("group", [*words.GROUPS, words.TOTAL])
def test_the_surface_of_all_quarters_covers_the_true_rates_in_both_editions(
    expected, demo_workbench, group, edition
):
    limits = ("smoothed_lower", "smoothed_upper")

    share = held(demo_workbench, edition, expected, group, limits)

    assert share >= 0.93


def test_rates_by_premises_and_people_present_are_told_and_what_crime_lies_near(finished):
    folder = finished.reports / "latest" / "internal" / "city" / "internal"
    exposures = pd.read_parquet(folder / "exposures.parquet")
    terrain = pd.read_parquet(folder / "terrain.parquet").query("group == 'total'")

    assert set(exposures["exposure"]) == {"residents", "households", "premises", "ambient"}
    # In the demo crime follows commerce, bars do even more, and primary schools follow people.
    near = terrain.set_index("layer")
    assert near.loc["drinking_places", "lower"] > 1
    assert near["ratio"].idxmax() == "drinking_places"


def test_residents_shared_out_from_the_census_are_those_of_the_municipality(finished, truth):
    colonias = pd.read_parquet(finished.processed / "colonias.parquet")

    assert colonias["population"].sum() == pytest.approx(truth("colonias")["population"].sum())


def test_every_colonia_of_the_programme_has_its_ficha(demo_workbench):
    run = demo_workbench.reports / "latest"
    programme = pd.read_parquet(demo_workbench.processed / "programme.parquet")
    inside = programme[programme["left_on"].isna()]["colonia_id"]

    fichas = {path.stem.replace("-", "_") for path in (run / "public" / "fichas").iterdir()}

    assert fichas == set(inside)
    assert len(fichas) > 200
