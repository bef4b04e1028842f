"""A synthetic municipality whose truth is known: default input and training ground."""
