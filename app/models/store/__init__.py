"""Models on the disk: what is installed, and how more get there."""
