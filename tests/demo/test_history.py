import numpy as np
import pytest
import statsmodels.api as sm

from labtools.demo.events import LEADS, leading_counts
from labtools.demo.intensity import MONTHS, N_MONTHS, street_log
from labtools.demo.kinds import GROUPS, group_reporting, kinds, recorded_mix
from labtools.demo.names import PILOTS
from labtools.demo.programme import STAGES, enrol, log_actions, nobody, take_effect

AFFECTED = [GROUPS.index("robbery"), GROUPS.index("theft")]


def expected_recorded(city):
    expected = np.exp(city.history.log_true[:, :N_MONTHS])
    return expected * city.latent.recorded_share[:, None, :]


def test_case_files_are_about_65_000_or_2_2_a_colonia_and_month(city):
    recorded = city.history.recorded

    assert recorded.sum() == pytest.approx(65_000, rel=0.05)
    assert recorded.sum(axis=2).mean() == pytest.approx(2.2, rel=0.05)


@pytest.mark.parametrize("group", range(5))
def test_recorded_crimes_are_true_ones_thinned_by_the_reporting_probability(city, group):
    true = city.history.true[:, :, group].sum(axis=1)
    share = city.latent.recorded_share[:, group]
    recorded = city.history.recorded[:, :, group].sum()

    error = np.sqrt((true * share * (1 - share)).sum())

    assert abs(recorded - (true * share).sum()) < 4 * error


def test_reporting_lies_between_20_and_70_per_cent_and_falls_with_marginality(city):
    reporting = city.latent.reporting

    assert reporting.min() > 0.20
    assert reporting.max() < 0.70
    assert np.corrcoef(reporting, city.people.colonias["marginality"])[0, 1] < -0.7


def test_family_violence_is_the_kind_least_reported():
    least = min(kinds(), key=lambda kind: kind.reporting)

    assert least.name == "VIOLENCIA FAMILIAR"
    assert GROUPS[int(group_reporting().argmin())] == "sensitive"


def test_the_factor_of_a_group_gives_back_the_recorded_mix():
    factors = np.array([kind.reporting for kind in kinds() if kind.group == "sensitive"])
    true_mix = recorded_mix("sensitive") / factors
    true_mix /= true_mix.sum()

    assert (true_mix * factors).sum() == pytest.approx(group_reporting()[GROUPS.index("sensitive")])


def test_at_the_mean_the_variance_is_about_one_and_a_half_times_the_mean(city):
    mean = expected_recorded(city).sum(axis=2)
    count = city.history.recorded.sum(axis=2)
    typical = np.abs(mean - 2.2) < 0.3

    ratio = ((count - mean)[typical] ** 2).mean() / mean[typical].mean()

    # 1 + 2.2 / 4.4; about 2,700 colonia-months, standard error near 0.05.
    assert ratio == pytest.approx(1.5, abs=0.2)


def test_stages_hold_126_2_27_27_and_26_colonias_208_in_all(city):
    stage = city.history.programme.stage

    assert np.bincount(stage)[1:].tolist() == [126, 2, 27, 27, 26]
    assert set(city.people.colonias["name"][stage == 2]) == set(PILOTS)


def test_the_industrial_park_and_the_tiny_colonias_are_never_chosen(city):
    population = city.people.colonias["population"].to_numpy()

    assert (city.history.programme.stage[population < 60] == 0).all()


def test_colonias_with_more_recorded_crime_are_likelier_to_be_chosen(city):
    before = city.history.recorded[:, : MONTHS.get_loc("2022-11-01")].sum(axis=(1, 2))
    chosen = city.history.programme.stage == 1

    assert np.median(before[chosen]) > 1.5 * np.median(before[~chosen])
    assert before[chosen].min() < np.median(before[~chosen])


def test_enrolment_leaves_the_stages_given_as_they_were(city):
    first = enrol(nobody(412), (1,), np.arange(412), city.people, np.random.default_rng(0))

    both = enrol(first, (3,), np.arange(412), city.people, np.random.default_rng(1))

    assert (both[first == 1] == 1).all()
    assert (both == 3).sum() == STAGES[2][1]


def test_the_effect_grows_by_sixths_to_a_fifth_less_robbery_and_theft_and_spares_the_rest(city):
    first = np.flatnonzero(city.history.programme.stage == 1)
    change = (city.history.log_true - city.latent.log_true)[first]
    entry = MONTHS.get_loc("2022-11-01")

    ramp = np.array([0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1, 1]) * np.log(0.8)

    before = change[:, entry - 1, AFFECTED]
    assert (before == 0).all()
    for month, expected in enumerate(ramp[1:]):
        np.testing.assert_allclose(change[:, entry + month][:, AFFECTED], expected)
    untouched = np.delete(change, AFFECTED, axis=2)
    np.testing.assert_array_equal(untouched, np.zeros_like(untouched))


def test_counts_that_happened_show_the_effect_too(city):
    full = city.history.programme.effect[:, :N_MONTHS] == np.log(0.8)
    without = np.exp(city.latent.log_true[:, :N_MONTHS])[:, :, AFFECTED].sum(axis=2)
    happened = city.history.true[:, :, AFFECTED].sum(axis=2)

    ratio = happened[full].sum() / without[full].sum()

    # Error of a sum of negative binomials with shape 4.4.
    mean = 0.8 * without[full]
    error = np.sqrt((mean + mean**2 / 4.4).sum()) / without[full].sum()
    assert ratio == pytest.approx(0.8, abs=4 * error)


def test_crime_moves_only_to_neighbours_that_are_not_in_the_programme(city):
    programme, neighbours = city.history.programme, city.ground.neighbours.toarray()
    last = programme.displacement[:, N_MONTHS - 1]
    outside = programme.stage == 0
    beside = neighbours[:, programme.stage == 1].any(axis=1)
    alone = ~neighbours[:, programme.stage > 0].any(axis=1)

    np.testing.assert_allclose(last[outside & beside], np.log(1.04))
    assert (last[~outside] == 0).all()
    assert (last[outside & alone] == 0).all()
    assert (outside & alone).sum() > 20


def test_without_anybody_in_it_the_programme_does_nothing(city):
    programme = take_effect(nobody(412), city.ground.neighbours)

    assert not programme.on_groups().any()


@pytest.mark.parametrize("name", list(LEADS))
def test_each_leading_record_follows_the_crime_to_come_with_its_known_coefficient(city, name):
    lead = LEADS[name]
    counts = leading_counts(city.history, name, city.seed)
    log_crime = street_log(city.history.log_true)

    slopes, fits = zip(*(slope_within(counts, log_crime, ahead) for ahead in range(3)), strict=True)

    assert int(np.argmax(fits)) == lead.months
    # Standard errors are near 0.02, 0.05 and 0.03, overdispersion included.
    assert slopes[lead.months] == pytest.approx(lead.coefficient, abs=0.12)


def slope_within(counts, log_crime, ahead):
    """Slope and likelihood of a Poisson model with one level for each colonia."""
    x = log_crime[:, ahead : ahead + N_MONTHS]
    centred = x - x.mean(axis=1, keepdims=True)
    level = np.log(np.maximum(counts.mean(axis=1, keepdims=True), 1e-3)) + 0 * x
    fit = sm.GLM(
        counts.ravel(),
        sm.add_constant(centred.ravel()),
        family=sm.families.Poisson(),
        offset=level.ravel(),
    ).fit()
    return fit.params[1], fit.llf


def test_actions_happen_only_where_and_when_the_programme_was(city):
    actions, programme = city.actions, city.history.programme
    month = actions["date"].dt.to_period("M").dt.to_timestamp()
    entry = MONTHS[programme.first_month[actions["colonia"]]]

    assert (programme.stage[actions["colonia"]] > 0).all()
    assert (month.to_numpy() >= entry.to_numpy()).all()
    assert (actions[["dose", "cost"]] > 0).all(axis=None)


def test_pilots_that_enter_on_the_15th_have_no_action_before_that_day(city):
    everybody_a_pilot = take_effect(np.full(412, 2), city.ground.neighbours)

    actions = log_actions(everybody_a_pilot, np.random.default_rng(0))

    assert actions["date"].min() == np.datetime64("2024-01-15")
    assert (actions["date"] < "2024-02-01").sum() > 100
