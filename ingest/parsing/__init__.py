"""Parsers in processes of their own, within limits."""
