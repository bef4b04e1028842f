"""What to expect next month, and how good such expectations were."""
