"""Questions about the whole collection, answered by looking at every chunk."""
