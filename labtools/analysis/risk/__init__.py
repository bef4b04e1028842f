"""Risk surfaces: models of counts whose neighbours resemble one another."""
