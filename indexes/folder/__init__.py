"""The files of a knowledge base beside its catalog."""
