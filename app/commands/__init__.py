"""The commands of `quire`, by subject; each parses, makes one call and prints."""
