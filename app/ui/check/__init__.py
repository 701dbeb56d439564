"""A text of the reader's, held against the documents."""
