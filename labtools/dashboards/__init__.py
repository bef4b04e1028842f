"""Voilà pages for readers, fed by released tables only."""
