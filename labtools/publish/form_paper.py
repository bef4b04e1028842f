"""A form of the field on paper, for where no telephone should be shown: the same codes."""

from __future__ import annotations

from labtools.messages import DEFAULT_LANGUAGE, speaking, text
from labtools.publish.printing import printed
from labtools.sources.field_forms import Asked, FieldForm


def print_form(form: FieldForm, *, lab: str) -> bytes:
    """Return a form as tagged PDF (PDF/UA): the same form gives the same bytes.

    It speaks Spanish, in which it is asked.  Beside each option stands its code, which is typed
    in as the telephone would send it.
    """
    with speaking(DEFAULT_LANGUAGE):
        facts = {
            "title": form.title,
            "lab": lab,
            "lang": "es",
            "region": "MX",
            "version": text("{form}, version {version}", form=form.id, version=form.version),
            "introduction": form.introduction,
            "source": form.source,
            "heads": _heads(form),
            "questions": [_question(form, asked) for asked in form.question],
        }
        return printed("form", facts)


def _heads(form: FieldForm) -> list[str]:
    if not form.design:
        return [text("Sheet number")]
    return [text("Visit number, as in the list of the sample"), text("Month (year-month)")]


def _question(form: FieldForm, asked: Asked) -> dict[str, object]:
    hows = {
        "one": text("Mark one."),
        "many": text("Mark all that apply."),
        "number": text("Write a whole number."),
        "words": "",
        "day": text("Year-month-day."),
        "place": text("Longitude and latitude, or the crossing of streets."),
    }
    told = [_only_if(form, asked), hows[asked.kind], asked.hint]
    return {
        "name": asked.name,
        "text": asked.text,
        "told": " ".join(part for part in told if part),
        "options": [list(option) for option in asked.options],
        "lines": 2 if asked.kind == "words" else 1,
    }


def _only_if(form: FieldForm, asked: Asked) -> str:
    if not asked.when:
        return ""
    name, code = asked.when.split(" = ")
    number, other = next((n, it) for n, it in enumerate(form.question, 1) if it.name == name)
    label = dict(other.options).get(code, code)
    return text("Only if question {number} was “{label}”.", number=number, label=label)
