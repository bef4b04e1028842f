"""What the tests read in a drawing."""

from __future__ import annotations

from xml.etree import ElementTree as ET

_SPACE = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ET.Element:
    """Return a drawing as a tree; markup that is not well formed fails here."""
    return ET.fromstring(svg)  # noqa: S314 - our own drawing


def described(svg: str) -> str:
    """Return what is read aloud of a drawing."""
    return parsed(svg).findtext(f"{_SPACE}desc") or ""


def elements(svg: str, name: str, **attributes: str) -> list[ET.Element]:
    """Return the elements of a drawing that hold these attributes, those of patterns apart."""
    wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    root = parsed(svg)
    defined = {id(node) for defs in root.iter(f"{_SPACE}defs") for node in defs.iter()}
    return [
        node
        for node in root.iter(f"{_SPACE}{name}")
        if id(node) not in defined and wanted.items() <= node.attrib.items()
    ]


def written(svg: str) -> str:
    """Return the visible words of a drawing."""
    return " | ".join(node.text or "" for node in elements(svg, "text"))
