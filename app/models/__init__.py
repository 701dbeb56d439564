"""Models, each behind a Protocol: chat models, embedders, rerankers, and the files they need."""
