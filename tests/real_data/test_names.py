"""Names as a prosecutor wrote them, held against where the points of other events lie."""

import gzip

import numpy as np
import pandas as pd
import pytest

from labtools.places.contradicted import contradicted_names, without_contradicted
from labtools.places.names import resolve_names
from labtools.places.points import assign_points
from tests.real_data.test_figures import cleaned

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


def test_names_accepted_of_one_half_of_the_files_are_right_in_the_other_half(real_data):
    """A name is wrong where under a tenth of its points, never seen before, lie in its colonia.

    Of 1,659 names with ten points or more in each half of all case files, 734 were accepted by
    their letters alone, 20 of them wrong (.973); 714 after one half had its say, 1 wrong (.9986).
    """
    cdmx = real_data / "cdmx"
    with gzip.open(cdmx / "carpetas_fgj_2019_2023.csv.gz") as stream:
        read = pd.read_csv(stream, dtype={"colonia": "str", "alcaldia_hecho": "str"})
    files = read.rename(columns={"colonia": "place", "alcaldia_hecho": "borough"})
    files = files.iloc[::3].reset_index(drop=True)
    register = cleaned(cdmx / "colonias_iecm.gpkg", "colonias_iecm").tables["colonias"]
    at = assign_points(files["longitud"].to_numpy(), files["latitud"].to_numpy(), register)
    found = np.where(at >= 0, register["colonia_id"].to_numpy(object)[at], "")
    learnt = np.where(np.arange(len(files)) % 2 == 0, found, None)
    by_letters = resolve_names(files["place"], files["borough"], register)

    wrong = contradicted_names(files, by_letters, learnt, None)
    accepted = without_contradicted(by_letters, wrong, learnt, files)

    files["held"] = pd.Series(found) == accepted.colonia_id
    other = files[1::2][accepted.colonia_id[1::2].notna()]
    names = other.groupby(["place", "borough"])["held"].agg(["size", "mean"]).query("size >= 10")
    assert len(names) > 500
    assert (names["mean"] >= 0.1).mean() >= 0.995
