"""Pages for readers, made from released tables."""
