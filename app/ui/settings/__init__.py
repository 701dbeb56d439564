"""Preferences, and the knowledge bases that there are."""
