import pytest

from labtools.demo.city import build_city
from labtools.demo.files import write_suppliers
from labtools.demo.truth import write_truth


@pytest.fixture(scope="session")
def city():
    return build_city()


@pytest.fixture(scope="session")
def folder(city, tmp_path_factory):
    home = tmp_path_factory.mktemp("suppliers")
    write_suppliers(city, home)
    write_truth(city, home)
    return home
