"""Figures drawn as SVG straight from a table they are given."""
