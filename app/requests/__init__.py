"""What is asked of Quire itself, or about its collection: recognised, and told."""
