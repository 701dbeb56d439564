"""Reading files into a knowledge base."""
