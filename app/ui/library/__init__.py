"""The documents: adding, tagging, removing and summarizing them."""
