"""Where things are: the dated register of colonias, and ways into it."""
