import numpy as np
import pandas as pd
import pytest

from labtools.demo.batteries import ITEMS
from labtools.demo.ground import OUTSIDE
from labtools.demo.intensity import MONTHS
from labtools.demo.people import ADULT_SHARE
from labtools.demo.surveys import OPENED, RECORDED, WAVES, quarterly_series


def wave(city, name):
    return city.interviews[city.interviews["wave"] == name]


def design_estimate(persons):
    """Share insecure and its linearised standard error: strata, then clusters."""
    told = persons[persons["BP1_1"] != 9]
    weight, insecure = told["weight"], told["BP1_1"] == 2
    share = np.average(insecure, weights=weight)
    score = weight * (insecure - share) / weight.sum()
    clusters = score.groupby([told["stratum"], told["block"]]).sum()
    n = clusters.groupby(level=0).transform("size")
    spread = clusters - clusters.groupby(level=0).transform("mean")
    return share, np.sqrt((n / (n - 1) * spread**2).sum())


@pytest.mark.parametrize("name", WAVES)
def test_the_survey_estimates_the_true_share_of_the_city(city, name):
    share, error = design_estimate(wave(city, name))

    true = city.fear.city[MONTHS.get_loc(f"{name}-01")]

    assert abs(share - true) < 3 * error
    assert 0.01 < error < 0.03


@pytest.mark.parametrize("name", WAVES)
def test_weights_add_up_to_the_adults_of_the_city(city, name):
    adults = ADULT_SHARE * city.people.colonias["population"].sum()

    assert wave(city, name)["weight"].sum() == pytest.approx(adults, rel=0.08)


@pytest.mark.parametrize("name", WAVES)
def test_a_wave_has_about_2000_persons_in_14_strata_of_several_clusters_each(city, name):
    persons = wave(city, name)

    clusters = persons.groupby("stratum")["block"].nunique()

    assert len(persons) == pytest.approx(2_000, rel=0.02)
    assert len(clusters) == 14
    assert clusters.min() >= 2


def test_weights_are_unequal_so_that_leaving_them_out_is_an_error(city):
    weight = city.interviews["weight"]

    assert weight.std() / weight.mean() > 0.3


def test_every_cluster_is_a_block_of_its_colonia(city):
    persons = city.interviews

    home = city.ground.blocks["colonia"].to_numpy()[persons["block"]]

    np.testing.assert_array_equal(home, persons["colonia"])
    assert (home != OUTSIDE).all()


def test_the_share_of_the_city_is_that_of_its_colonias_weighted_by_people(city):
    population = city.people.colonias["population"].to_numpy()
    lived = population > 0

    of_colonias = np.average(city.fear.share[lived], axis=0, weights=population[lived])

    np.testing.assert_allclose(of_colonias, city.fear.city)


def test_where_nobody_lives_nobody_is_afraid_and_nobody_is_asked(city):
    empty = np.flatnonzero(city.people.colonias["population"] == 0)

    assert np.isnan(city.fear.share[empty]).all()
    assert not city.interviews["colonia"].isin(empty).any()


def test_only_victims_say_whether_they_reported(city):
    told = city.interviews["DENUNCIO"] != ""

    assert (told == (city.interviews["VICTIMA"] == 1)).all()
    assert told.sum() > 200


def test_victims_denounce_more_often_than_a_case_file_is_opened(city):
    told = city.interviews[city.interviews["DENUNCIO"] != ""]
    recorded = RECORDED * city.latent.reporting[told["colonia"]]

    denounced = (told["DENUNCIO"] == "1").mean()
    error = np.sqrt(denounced * (1 - denounced) / len(told))

    assert denounced * OPENED == pytest.approx(recorded.mean(), abs=3 * error)
    assert denounced > recorded.mean() + 3 * error


def test_only_who_denounced_says_whether_a_case_file_was_opened(city):
    asked = city.interviews["CARPETA"] != ""
    opened = (city.interviews.loc[asked, "CARPETA"] == "1").mean()

    assert (asked == (city.interviews["DENUNCIO"] == "1")).all()
    assert opened == pytest.approx(OPENED, abs=3 * np.sqrt(OPENED * (1 - OPENED) / asked.sum()))


def test_fear_is_higher_where_streets_are_dark(city):
    share = city.fear.share[:, -1]
    known = ~np.isnan(share)

    assert np.corrcoef(share[known], city.people.colonias["darkness"][known])[0, 1] > 0.2


def test_the_quarterly_figure_misses_one_quarter_and_stays_within_its_own_error(city):
    series = quarterly_series(city.fear, city.seed)
    error = series["cv"] / 100 * series["estimate"] / 100

    z = (series["estimate"] / 100 - series["true"]) / error

    assert len(series) == 23
    assert "2020T2" not in set(series["quarter"])
    assert (z**2).mean() == pytest.approx(1, abs=0.9)  # chi-squared, 23 degrees of freedom


def test_who_fears_more_changes_habits_more_and_disorder_brings_quarrels(city):
    persons = city.interviews
    afraid, disorder = persons["BP1_1"] == 2, city.people.colonias["disorder"].to_numpy()
    disorderly = pd.Series(disorder[persons["colonia"]] > 0, persons.index)

    def share(item, of):
        told = persons[of & (persons[item] != 9)]
        return np.average(told[item] == ITEMS[item].yes, weights=told["weight"])

    # Some 8,000 interviews: the standard error of a difference is near 0.012.
    assert share("BP1_5_2", afraid) - share("BP1_5_2", ~afraid) > 0.04
    assert share("BP2_2_03", disorderly) - share("BP2_2_03", ~disorderly) > 0.04
