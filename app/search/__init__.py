"""From a question to ranked chunks, and from chunks to passages."""
