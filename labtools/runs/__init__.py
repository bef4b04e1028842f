"""Notebooks, executed: parameters, context, engine, pool, manifest."""
