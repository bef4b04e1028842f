"""The eight verbs, in order: collect, clean, locate, classify, tabulate, analyse, protect, publish."""
