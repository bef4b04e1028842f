"""What a table says, in words: every sentence is generated from the table it cites."""
