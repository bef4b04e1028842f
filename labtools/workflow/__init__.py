"""Eight verbs: collect, clean, locate, classify, tabulate, analyse, protect, publish."""
