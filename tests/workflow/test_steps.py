"""What `lab.toml` says of a file goes before what its descriptor says."""

import pytest

from labtools.errors import SettingsError
from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.workflow.steps import open_workbench

SETTINGS = """
[lab]
name = "Lab"
municipality = "Querétaro"
municipality_id = "22014"
[colonias]
path = "padron.zip"
descriptor = "colonias_conapo_2020"
cutoff = "2024-12-31"
file = {{ crs = "EPSG:6372" }}
[[source]]
name = "ensu"
path = "ensu.zip"
descriptor = "ensu_microdata_2015"
cutoff = "2024-12-31"
file = {{ {more} }}
[[source.beside]]
member = "*viv*.dbf"
keys = ["FOL", "ENT"]
bring = {{ MPIO = "MPIO" }}
"""


def opened(folder, more='format = "dbf", member = "*cb*.dbf"'):
    (folder / "lab.toml").write_text(SETTINGS.format(more=more), encoding="utf-8")
    return open_workbench(Workbench(folder))


def test_only_the_entries_that_are_written_go_before_the_descriptor_s(tmp_path):
    bench = opened(tmp_path)

    register, ensu = (bench.descriptor(it) for it in bench.files())
    assert (register.file.format, register.file.crs) == ("geo", "EPSG:6372")
    assert (ensu.file.format, ensu.file.member, ensu.file.encoding) == ("dbf", "*cb*.dbf", "cp1252")
    assert [it.member for it in ensu.beside] == ["*viv*.dbf"]


def test_a_format_that_there_is_none_of_is_refused(tmp_path):
    with speaking("en"), pytest.raises(SettingsError, match=r"source.*file.*format"):
        opened(tmp_path, more='format = "xls"')
