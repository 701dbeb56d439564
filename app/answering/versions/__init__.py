"""What documents say at different times: which of two is newer, and what was said before."""
