"""A protocol that is valid, for tests to change."""

PROTOCOL = """
id = "barrios-2024"
title = "Barrios en marcha"
question = "Does the programme lower robbery and theft, and do people feel safer?"
responsible = "Laboratorio"

[outcomes.crime]
groups = ["robbery", "theft"]

[outcomes.perception]
indicator = "insecurity"

[units]
colonias = 40
chosen = "by_records"
chosen_on = ["2024-01-01"]
months_looked_at = 12

[design]
method = "imputed_counts"
comparison = "colonias that have not entered yet, or never do"

[window]
first_month = "2020-01"
last_month = "2025-12"

[analysis]
looks = ["2025-12"]
stopping = "No early end."
minimum_effect = 10

[delivery]
actions_per_month = 1
cost = 2000000
"""
