"""Preferences, the models to choose from, and the knowledge bases that there are."""
