"""Work that goes on while who began it does something else: files and models on their way."""
