"""Whether a source tells a statement: models that read both together (natural language inference).

The small one is Quire's own, trained by `training/` on the starter embedder; larger ones are
cross-encoders that somebody has put on this machine.
"""
