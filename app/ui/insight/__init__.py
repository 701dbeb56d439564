"""What Quire did for an answer, and what a knowledge base holds and was asked."""
