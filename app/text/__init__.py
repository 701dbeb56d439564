"""What Quire knows about written language: sentences, index terms, which language a text is in."""
