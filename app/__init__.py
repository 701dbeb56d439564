"""Quire: a private knowledge base that proves every sentence with the page it came from."""
