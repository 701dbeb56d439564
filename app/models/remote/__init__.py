"""A chat model on a server that speaks OpenAI's language."""
