"""What to do where: needs, interventions with evidence, power, portfolio, roll-out."""
