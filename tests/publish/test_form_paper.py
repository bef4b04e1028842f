"""A form of the field on paper says what the telephone says."""

import io

import pikepdf
import pytest

from labtools.publish.form_paper import print_form
from labtools.sources.field_forms import form_names, read_form


@pytest.mark.parametrize("name", form_names())
def test_a_form_fits_on_two_sides_and_is_tagged_in_spanish(name):
    made = print_form(read_form(name), lab="Laboratorio")

    with pikepdf.open(io.BytesIO(made)) as paper:
        assert len(paper.pages) <= 2
        assert str(paper.Root.Lang).startswith("es")
        assert bool(paper.Root.MarkInfo.Marked)


def test_the_same_form_is_the_same_paper():
    form = read_form("cohesion")

    assert print_form(form, lab="L") == print_form(form, lab="L")
