"""/v1/embeddings: vectors by the embedding model of a knowledge base."""

import base64
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from quire.server import limits
from quire.server.errors import Refused
from quire.server.served import Served, served

router = APIRouter(prefix="/v1", tags=["OpenAI"])

_Text = Annotated[str, Field(min_length=1, max_length=limits.QUESTION_CHARACTERS)]


class EmbeddingRequest(BaseModel):
    """Texts to embed, as what is searched (`document`) or as what is asked (`query`)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "default", "input": ["The lease ends in May."]}]}
    )

    model: Annotated[str, Field(max_length=200, description="The name of a knowledge base.")]
    input: _Text | Annotated[list[_Text], Field(min_length=1, max_length=limits.MESSAGES)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    input_type: Literal["document", "query"] = "document"


@router.post("/embeddings", summary="Embed texts with the model of a knowledge base")
def embed(asked: EmbeddingRequest, serving: Annotated[Served, Depends(served)]) -> dict[str, Any]:
    base = serving.named(asked.model)
    embedder = base.base.embedder
    texts = [asked.input] if isinstance(asked.input, str) else asked.input
    if asked.dimensions not in {None, embedder.dimension}:
        raise Refused(
            422,
            "wrong_dimensions",
            f"The vectors of this knowledge base have {embedder.dimension} dimensions.",
            hint="Leave dimensions out.",
            param="dimensions",
        )
    tokens = embedder.count_tokens(texts)
    if (most := max(tokens)) > embedder.max_tokens:
        raise Refused(
            422,
            "too_long",
            f"Text {tokens.index(most) + 1} has {most:,} tokens, and the embedding model reads "
            f"{embedder.max_tokens:,}.",
            hint="Cut it into shorter ones.",
            param="input",
        )
    with serving.embedding:  # one after the other: each takes all cores
        vectors = (
            embedder.embed_passages(texts)
            if asked.input_type == "document"
            else np.stack([embedder.embed_question(text) for text in texts])
        )
    rows = np.asarray(vectors, "<f4")
    return {
        "object": "list",
        "model": base.name,
        "data": [
            {
                "object": "embedding",
                "index": at,
                "embedding": row.tolist()
                if asked.encoding_format == "float"
                else base64.b64encode(row.tobytes()).decode(),
            }
            for at, row in enumerate(rows)
        ],
        "usage": {"prompt_tokens": sum(tokens), "total_tokens": sum(tokens)},
    }
