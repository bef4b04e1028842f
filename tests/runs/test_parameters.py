import pytest

from labtools.errors import RunError, SettingsError
from labtools.runs.parameters import Parameter, check_parameters, read_signature

CELL = """\
from typing import Literal

# What the ficha is about
colonia_id: str = "99001_0001"  # key of the colonia
months: int = 12
floor: float = -0.5  # of the "scale"
public: bool = False
audience: Literal["public", "internal"] = "public"
"""


@pytest.fixture
def signature(write_notebook):
    return read_signature(write_notebook(CELL))


def test_a_signature_has_the_names_kinds_defaults_choices_and_comments_of_the_cell(signature):
    assert signature.parameters == (
        Parameter("colonia_id", "str", "99001_0001", (), "key of the colonia"),
        Parameter("months", "int", 12),
        Parameter("floor", "float", -0.5, (), 'of the "scale"'),
        Parameter("public", "bool", default=False),
        Parameter("audience", "str", "public", ("public", "internal")),
    )


def test_a_signature_knows_the_place_of_its_cell(notebooks):
    assert read_signature(notebooks / "raises.ipynb").cell == 1


def test_a_notebook_without_the_tag_is_refused(notebooks):
    with pytest.raises(RunError, match=r"untagged\.ipynb has no cell tagged"):
        read_signature(notebooks / "untagged.ipynb")


def test_a_notebook_with_the_tag_twice_is_refused(write_notebook):
    import nbformat  # noqa: PLC0415 - only this test

    path = write_notebook("a: int = 1", "b: int = 2")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, path)

    with pytest.raises(RunError, match="has 2 cells tagged"):
        read_signature(path)


@pytest.mark.parametrize(
    "line",
    [
        'colonia_id = "99001_0001"',
        "months: int",
        "months: int = 6 * 2",
        "months: int = open('/etc/passwd')",
        'months: int = "12"',
        "public: bool = 1",
        "months: list = [1]",
        "import os",
        'audience: Literal["public"] = "secret"',
        "audience: Literal[1, 2] = 1",
        "months: int = (",
        "a.b: int = 1",
    ],
)
def test_a_line_that_declares_no_typed_value_is_refused_with_its_place(write_notebook, line):
    with pytest.raises(RunError, match=r"line 2 of its parameters cell"):
        read_signature(write_notebook(f"first: int = 1\n{line}"))


def test_a_parameter_declared_twice_is_refused(write_notebook):
    with pytest.raises(RunError, match="declares the parameter months twice"):
        read_signature(write_notebook("months: int = 1\nmonths: int = 2"))


@pytest.mark.parametrize("content", ["", "[]", "{}", "not a notebook"])
def test_a_file_that_is_no_notebook_is_refused(tmp_path, content):
    path = tmp_path / "broken.ipynb"
    path.write_text(content)

    with pytest.raises(RunError, match="is not a notebook"):
        read_signature(path)


def test_a_notebook_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RunError, match="does not exist"):
        read_signature(tmp_path / "nowhere.ipynb")


def test_good_values_are_returned_in_the_order_of_the_signature(signature):
    checked = check_parameters(signature, {"months": 3, "colonia_id": "00123"})

    assert list(checked.items()) == [("colonia_id", "00123"), ("months", 3)]


def test_a_whole_number_does_for_a_float_and_becomes_one(signature):
    floor = check_parameters(signature, {"floor": 2})["floor"]

    assert (floor, type(floor)) == (2.0, float)


def test_an_unknown_name_is_refused_with_the_nearest_known_one(signature):
    with pytest.raises(SettingsError, match=r"no parameter colonia_di\. Did you mean colonia_id\?"):
        check_parameters(signature, {"colonia_di": "99001_0002"})


def test_an_unknown_name_like_no_other_is_refused_with_the_list(signature):
    with pytest.raises(SettingsError, match="It takes: colonia_id, months, floor"):
        check_parameters(signature, {"zzz": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colonia_id", 123),
        ("colonia_id", None),
        ("months", "12"),
        ("months", 12.0),
        ("months", True),
        ("floor", "0.5"),
        ("floor", False),
        ("public", 0),
        ("audience", 1),
    ],
)
def test_a_value_of_another_kind_is_refused(signature, name, value):
    with pytest.raises(SettingsError, match=f"the parameter {name} must be"):
        check_parameters(signature, {name: value})


def test_a_value_outside_the_choices_is_refused_with_the_choices(signature):
    with pytest.raises(SettingsError, match='may be public and internal, not "secret"'):
        check_parameters(signature, {"audience": "secret"})
