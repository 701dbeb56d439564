"""Quire over HTTP: the routes that OpenAI's clients know, and Quire's own."""
