"""What a table says, in words: every sentence is generated from the table it cites."""

from labtools.narrative.sentences import SECTIONS, sentences

__all__ = ["SECTIONS", "sentences"]
