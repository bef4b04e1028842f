import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from labtools.analysis.hotspots.global_statistics import global_g, global_geary, global_moran
from labtools.analysis.hotspots.local_statistics import (
    _orders,
    _permuted,
    local_g,
    local_g_star,
    local_moran,
    row_standardise,
    standardise_rates,
)
from labtools.errors import AnalysisError

# spdep 1.2.7 on Columbus CRIME (Anselin 1988), queen neighbours.
MORAN = [
    0.7368184906,
    0.5287770133,
    0.09385074166,
    0.004820966628,
    0.3036061248,
    -0.1815705169,
    -1.860587376,
    0.07658401792,
    -0.0305950816,
    0.04030925254,
    1.457915417,
    0.6389488566,
    0.1252808374,
    0.6152630411,
    0.7348439097,
    1.238771795,
    -0.1080946286,
    0.5170513083,
    0.8000061254,
    0.3414097897,
    0.1549393281,
    -0.004024793545,
    0.9008494695,
    0.2285270446,
    1.416344191,
    0.2875311243,
    -0.1239735855,
    0.9769528792,
    1.556624533,
    1.655171543,
    1.018273253,
    1.239855037,
    0.0536036409,
    0.5284208795,
    -0.02995430426,
    1.243242522,
    0.4232470108,
    0.5775464229,
    1.107946514,
    0.9692978651,
    0.8316779938,
    1.086553172,
    0.005777401949,
    -0.02067112148,
    0.06795384007,
    1.249537703,
    0.4676786283,
    0.2035396661,
    0.3633613598,
]
MORAN_VARIANCE = [
    0.6661448908,
    0.3102660633,
    0.01763007197,
    0.006541756761,
    0.09461792046,
    0.1486570035,
    0.9654236747,
    0.006021399984,
    0.008412559218,
    0.001108336643,
    0.4738293255,
    0.2489703992,
    0.115775478,
    0.2570405962,
    0.09900760802,
    0.1492932963,
    0.003595640735,
    0.06757771577,
    0.4340207009,
    0.3327302613,
    0.02899823398,
    0.001123636313,
    0.2654944353,
    0.004655036474,
    0.2570965315,
    0.01886447012,
    0.2654247617,
    0.1570836419,
    0.2893304273,
    0.7091859625,
    0.3534335645,
    0.2182339576,
    0.04060563753,
    0.1073748775,
    0.007585035612,
    0.2856021104,
    0.02955406087,
    0.1864042775,
    0.299226515,
    0.2363895417,
    0.3064288938,
    0.6159922141,
    0.001305655199,
    0.05686455545,
    0.03232823865,
    0.6135092567,
    0.09683437288,
    0.06235613148,
    0.1859564172,
]
MORAN_P = [
    0.3483432685,
    0.3243004162,
    0.472499029,
    0.9468505291,
    0.2950368442,
    0.6492921621,
    0.07199162497,
    0.3184837152,
    0.7520429806,
    0.2248647981,
    0.02785628419,
    0.1765622369,
    0.6905052997,
    0.1985604703,
    0.01735426808,
    0.001029153892,
    0.07204500458,
    0.04424210095,
    0.2085001628,
    0.4518550723,
    0.3571693501,
    0.9080686092,
    0.07477167923,
    0.0007775887965,
    0.003780382587,
    0.03465909652,
    0.8456906016,
    0.01058945331,
    0.002820685311,
    0.0386132784,
    0.07982005409,
    0.007026296491,
    0.7766818125,
    0.1007033557,
    0.7416584095,
    0.01694099167,
    0.01293196984,
    0.1619765376,
    0.03929230362,
    0.04042681562,
    0.1239175009,
    0.1561837935,
    0.8690690704,
    0.9522213284,
    0.6938299383,
    0.1033482644,
    0.1295346519,
    0.4025973092,
    0.3840088234,
]
G_STAR = [
    -1.432779654,
    -1.340008097,
    -0.771998681,
    -0.1317333645,
    1.285362798,
    0.06864804381,
    0.6613648377,
    1.013023951,
    0.2191434432,
    -1.137527663,
    2.625150847,
    1.715366545,
    0.6613648377,
    1.661277238,
    2.520775918,
    3.475051356,
    -1.53958776,
    2.060228194,
    1.663063549,
    -1.263145775,
    0.9580126064,
    0.07875514914,
    -2.002812025,
    3.271094432,
    3.195171615,
    2.118912928,
    0.2811288538,
    2.805861288,
    3.286070239,
    2.630255905,
    -2.041135559,
    -2.851023177,
    0.4354140214,
    -1.780380314,
    -0.2348266363,
    -2.674719152,
    2.501119964,
    1.701238406,
    -2.273242668,
    -2.324828433,
    -1.821072957,
    -1.80255063,
    0.1885790442,
    -0.1582106212,
    -0.5167331737,
    -1.974722339,
    -1.510601447,
    -0.9816419931,
    -1.133104654,
]
NEAR = 1e-6


@pytest.fixture
def columbus(oracle):
    values, edges = oracle("columbus.csv")["CRIME"], oracle("columbus_queen_edges.csv")
    return values, matrix(edges["i"], edges["j"], len(values))


def matrix(i, j, n):
    both = sparse.coo_array((np.ones(2 * len(i)), (np.r_[i, j], np.r_[j, i])), shape=(n, n))
    return sparse.csr_array((both.tocsr() > 0).astype(float))


def grid(side):
    line = sparse.diags_array([1.0, 1.0], offsets=[-1, 1], shape=(side, side))
    one = sparse.eye_array(side)
    return sparse.csr_array(sparse.kron(line, one) + sparse.kron(one, line))


def test_morans_i_is_that_of_spdep(columbus):
    found = global_moran(*columbus)

    assert found.statistic == pytest.approx(0.500188557182861, rel=1e-7)
    assert found.expected == pytest.approx(-1 / 48)
    assert found.variance == pytest.approx(0.00868928920133206, rel=1e-7)
    assert found.z == pytest.approx(5.5893826750445, rel=1e-7)
    assert found.p_likeness == pytest.approx(1.13939135039129e-08, rel=1e-6)


def test_gearys_c_is_that_of_spdep(columbus):
    found = global_geary(*columbus)

    assert found.statistic == pytest.approx(0.540528202702068, rel=1e-7)
    assert found.variance == pytest.approx(0.00938426377696502, rel=1e-7)
    assert found.p_likeness == pytest.approx(1.05256162871265e-06, rel=1e-6)


def test_the_global_g_is_that_of_spdep(columbus):
    found = global_g(*columbus)

    assert found.statistic == pytest.approx(0.127807457381954, rel=1e-7)
    assert found.expected == pytest.approx(0.100340136054422, rel=1e-7)
    assert found.variance == pytest.approx(3.50705730380717e-05, rel=1e-7)
    assert found.z == pytest.approx(4.63815093198543, rel=1e-7)


def test_the_local_moran_is_that_of_spdep(columbus):
    table = local_moran(*columbus).table

    assert table["statistic"].to_numpy() == pytest.approx(MORAN, rel=NEAR)
    assert table["variance"].to_numpy() == pytest.approx(MORAN_VARIANCE, rel=NEAR)
    assert table["p_value"].to_numpy() == pytest.approx(MORAN_P, rel=NEAR)
    assert (table["p_value"] < 0.05).sum() == 15


def test_the_discoveries_of_the_local_moran_are_those_of_spdep(columbus):
    found = local_moran(*columbus).found()

    assert list(found.index) == [15, 23, 24, 28]


def test_the_permuted_p_values_and_quadrants_are_those_of_spdep(columbus, reference):
    told = reference("local_columbus.json")

    # The reference drew 9,999; ten times as many leave but its own chance in the difference.
    table = local_moran(*columbus, permutations=99_999, with_replacement=True, seed=1).table

    near = told["tolerance"]["p_permuted"]
    assert table["p_value"].to_numpy() == pytest.approx(np.array(told["p_permuted"]), abs=near)
    assert [kind.title() for kind in table["kind"]] == told["quadrant"]


def test_true_permutations_agree_with_the_analytic_test_on_a_large_bell_shaped_map():
    values = pd.Series(np.random.default_rng(8).normal(size=196))

    permuted = local_moran(values, grid(14), permutations=9_999, seed=1).table
    analytic = local_moran(values, grid(14)).table

    assert (permuted["p_value"] - analytic["p_value"]).abs().mean() < 0.04


def test_gi_star_and_its_discoveries_are_those_of_spdep(columbus):
    result = local_g_star(*columbus)
    found = result.found()

    assert result.table["z"].to_numpy() == pytest.approx(G_STAR, rel=NEAR)
    assert list(found.index[found["kind"] == "high"]) == [10, 15, 23, 24, 27, 28, 29]
    assert list(found.index[found["kind"] == "low"]) == [31, 35]
    assert result.frame()["found"].sum() == len(found)


def test_gi_without_the_area_itself_is_that_of_spdep(columbus, reference):
    told = reference("local_columbus.json")

    table = local_g(*columbus).table

    assert table["z"].to_numpy() == pytest.approx(np.array(told["g"]), rel=told["tolerance"]["g"])


def test_an_area_without_population_or_count_is_missing_and_spoils_no_other():
    events = pd.Series([3.0, 5.0, np.nan, 0.0, 9.0, 4.0], index=list("abcdef"))
    exposure = pd.Series([100.0, 200.0, 50.0, 0.0, 120.0, 90.0], index=list("abcdef"))

    rates = standardise_rates(events, exposure)

    assert list(rates.index[rates.isna()]) == ["c", "d"]
    alone = standardise_rates(events.drop(["c", "d"]), exposure)
    pd.testing.assert_series_equal(rates.dropna(), alone)


def test_all_zeros_are_refused_because_nothing_differs():
    events, exposure = pd.Series(np.zeros(9)), pd.Series(np.full(9, 10.0))

    with pytest.raises(AnalysisError, match="1 different"):
        local_g_star(standardise_rates(events, exposure), grid(3))


def test_an_island_has_no_local_moran_and_no_part_in_the_global_one():
    values = pd.Series([*range(9), 100.0])
    alone = sparse.csr_array((10, 10))
    alone = sparse.csr_array(sparse.block_diag([grid(3), sparse.csr_array((1, 1))]))

    table = local_moran(values, alone).table

    assert np.isnan(table.loc[9, "p_value"])
    assert global_moran(values, alone) == global_moran(values[:9], grid(3))


def test_few_permutations_are_refused(columbus):
    with pytest.raises(AnalysisError, match="9,999"):
        local_moran(*columbus, permutations=999)


def test_maps_of_chance_alone_have_few_false_hot_spots():
    rng, maps, weights = np.random.default_rng(5), 200, grid(12)
    exposure = pd.Series(rng.lognormal(7, 0.7, 144))

    false = sum(
        len(local_g_star(standardise_rates(events, exposure), weights).found()) > 0
        for events in (pd.Series(rng.poisson(0.01 * exposure), dtype=float) for _ in range(maps))
    )

    # The binomial's upper limit for 5 % of 200, with room for the normal approximation.
    assert false / maps < 0.10


@pytest.mark.parametrize("replace", [True, False])
def test_each_area_is_stood_in_for_by_any_of_all_the_others(replace):
    order = _orders(6, 9_999, 1, replace=replace)

    assert order.shape == (9_999, 5)
    assert set(np.unique(order)) == set(range(5))
    whole = [sorted(row) == list(range(5)) for row in order.tolist()]
    assert all(whole) is not replace


def test_where_all_areas_touch_nothing_around_one_differs_from_the_whole():
    everybody = sparse.csr_array(np.ones((6, 6)) - np.eye(6))

    table = local_g_star(pd.Series([1.0, 4, 2, 8, 5, 7]), everybody).table

    assert table["variance"].to_numpy() == pytest.approx(0)
    assert table[["z", "p_value", "adjusted"]].isna().all(axis=None)


def test_of_few_permutations_the_p_value_counts_those_as_far_on_the_nearer_side():
    z = np.array([3.0, -1.0, -2.0, 0.5, -0.5])
    weights = row_standardise(sparse.csr_array(grid(5)[:5][:, :5]))
    # The first area's neighbour is the second: others stand in its place, one after another.
    order = np.array([[0, 1, 2, 3], [1, 0, 2, 3], [2, 1, 0, 3], [3, 1, 2, 0]])

    p = _permuted(z, weights, order)

    # It saw -1; drawn -1, -2, 0.5 and -0.5: two are as low, three as high. (2 + 1) / 5 twice is
    # more than one.
    assert p[0] == 1.0
    one = _permuted(np.array([3.0, -2.0, -1.0, 0.5, -0.5]), weights, order)
    assert one[0] == pytest.approx(2 * 2 / 5)
