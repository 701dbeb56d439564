"""Dense search: FAISS over the chunks' embeddings, in memory, exact.

Vectors are stored in half precision, which halves memory and changes no ranking that matters
(cosines differ in the fourth digit). Inner product of unit vectors is their cosine.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Shape (n, dimension), rows of unit length."""


class VectorIndex:
    """Chunk ids and their vectors. Not safe for threads; its owner holds a lock."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._index: Any = faiss.IndexIDMap2(
            faiss.IndexScalarQuantizer(
                dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
            )
        )

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Sequence[int] | npt.NDArray[np.int64], vectors: Vectors) -> None:
        if len(ids):
            self._index.add_with_ids(
                np.ascontiguousarray(vectors, np.float32), np.asarray(ids, np.int64)
            )

    def remove(self, ids: Sequence[int] | npt.NDArray[np.int64]) -> None:
        """Remove the chunks of these ids that are in it; takes time in proportion to all of it."""
        if len(ids):
            self._index.remove_ids(np.asarray(ids, np.int64))

    def ids(self) -> npt.NDArray[np.int64]:
        ids: npt.NDArray[np.int64] = faiss.vector_to_array(self._index.id_map)
        return ids

    def search(
        self,
        vector: npt.NDArray[np.float32],
        *,
        k: int,
        among: npt.NDArray[np.int64] | None = None,
    ) -> list[tuple[int, float]]:
        """The `k` nearest chunks, of all or of those `among` these ids, as (chunk id, cosine), best
        first."""
        k = min(k, len(self) if among is None else len(among))
        if k < 1:
            return []
        within = among is not None and faiss.SearchParameters(sel=faiss.IDSelectorBatch(among))
        question = vector.reshape(1, -1).astype(np.float32)
        scores, ids = self._index.search(question, k, params=within or None)
        return [
            (int(chunk), float(score))
            for chunk, score in zip(ids[0], scores[0], strict=True)
            if chunk >= 0
        ]

    def to_bytes(self) -> memoryview:
        """What `load` makes the index of again."""
        serialized: Any = faiss.serialize_index(self._index)
        return memoryview(serialized)

    @classmethod
    def load(cls, path: Path, *, dimension: int, sha256: str) -> "VectorIndex | None":
        """The index whose bytes stand at `path`, or None where it is not exactly those.

        A damaged file may well load and then give other neighbours, hence the hash.
        """
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest() != sha256:
            return None
        index = faiss.deserialize_index(np.frombuffer(content, np.uint8))
        if index.d != dimension:
            return None
        loaded = cls(dimension)
        loaded._index = index
        return loaded
