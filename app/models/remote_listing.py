"""What a server says of its models, for those who have not named one."""

from dataclasses import dataclass

import httpx


@dataclass(frozen=True, slots=True)
class About:
    """What a server says of itself: the names of its models, and the context of ours, or 0."""

    models: tuple[str, ...] = ()
    context_tokens: int = 0


def about(body: bytes, *, model: str) -> About:
    """What a list of models says; servers that tell a context's length call it by many names."""
    try:
        rows = httpx.Response(200, content=body).json()["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return About()
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    named = {row["id"]: row for row in rows if isinstance(row.get("id"), str)}
    row = named.get(model) or (next(iter(named.values())) if len(named) == 1 else {})
    meta = row.get("meta")
    told = [
        each.get(name)
        for each in (row, meta if isinstance(meta, dict) else {})
        for name in ("max_model_len", "context_length", "context_window", "n_ctx")
    ]
    lengths = [n for n in told if isinstance(n, int) and 0 < n < 2**31]
    return About(tuple(named), lengths[0] if lengths else 0)
