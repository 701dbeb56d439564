"""Files that carry a checked text, or an answer with its proof, to somebody else."""
