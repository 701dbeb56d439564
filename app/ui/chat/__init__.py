"""The chat: questions, answers and their sources."""
