"""Did it work, honestly: designs, guards and verdicts for the evaluation of programmes."""
