"""Pages made of templates: one environment, every value escaped, one frame around all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from labtools.messages import DEFAULT_LANGUAGE
from labtools.publish import wording

_TEMPLATES = Path(__file__).parent / "templates"
ASSETS = Path(__file__).parent / "assets"

#: Nothing from elsewhere, nothing inline: a page can only show what its own site holds.
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'"
)
_IN_THE_MENU = ("reading", "data", "map", "changes", "proposals", "evaluations")
_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'


def render(template: str, language: str, site_root: str, facts: Mapping[str, object]) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        Name of the template, without its ending.
    language : str
        Edition; the caller speaks it already (`labtools.messages.speaking`).
    site_root : str
        Way from the page to the top of the site: "." or "..".
    facts : mapping
        What the template fills in; ``here`` says which of its files the page is, by language.
    """
    page = _environment().get_template(f"{template}.html")
    return page.render(
        policy=CONTENT_POLICY,
        html_language=wording.HTML_LANGUAGES[language],
        own_language=wording.HTML_LANGUAGES[DEFAULT_LANGUAGE],
        root=site_root,
        home=wording.home_of(language, site_root),
        files={name: wording.file_of(name, language) for name in _IN_THE_MENU},
        frame=wording.frame_words(),
        others=_other_editions(language, site_root, facts["here"]),
        **facts,
    )


def render_alone(template: str, language: str, facts: Mapping[str, object]) -> str:
    """Return a page that belongs to no site and needs no other file."""
    page = _environment().get_template(f"{template}.html")
    return page.render(html_language=wording.HTML_LANGUAGES[language], **facts)


def inline(picture: str) -> Markup:
    """Return a picture as it stands inside a page, where its namespace goes without saying."""
    return Markup(picture.replace(_NAMESPACE, "", 1))  # noqa: S704 - our own charts, escaped


@pass_context
def in_own_language(page: Context, sentence: str, own: Sequence[str]) -> Markup:
    """Return a sentence in which the words of the lab are marked as being in its language.

    Parameters
    ----------
    own : sequence of str
        Those words, as they stand in the sentence.
    """
    told, language = escape(sentence), page["own_language"]
    if page["html_language"] == language:
        return told
    longest_first = sorted((str(escape(it)) for it in own), key=len, reverse=True)
    any_of = "|".join(map(re.escape, longest_first)) or "(?!)"
    marked = re.sub(any_of, lambda it: f'<span lang="{language}">{it[0]}</span>', str(told))
    return Markup(marked)  # noqa: S704 - escaped above


def here_of(page: str) -> dict[str, str]:
    """Return the file of a page in each edition."""
    return {language: wording.file_of(page, language) for language in wording.EDITIONS}


def _other_editions(language: str, site_root: str, here: object) -> list[dict[str, str]]:
    files = dict(here) if isinstance(here, Mapping) else {}
    return [
        {
            "href": f"{wording.home_of(other, site_root)}/{files[other]}",
            "language": wording.HTML_LANGUAGES[other],
            "name": wording.LANGUAGE_NAMES[other],
        }
        for other in wording.EDITIONS
        if other != language
    ]


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
        keep_trailing_newline=True,
    )
    made.filters["in_own_language"] = in_own_language
    return made
