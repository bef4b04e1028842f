"""Who may see what: rules, keyed rounding, and the one gate to public folders."""
