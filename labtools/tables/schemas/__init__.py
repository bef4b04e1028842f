"""The columns of the canonical tables, a module for each kind of table."""
