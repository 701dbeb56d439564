"""Dense search: FAISS over the chunks' embeddings, in memory.

Vectors are stored in half precision, which halves memory and changes no ranking that matters
(cosines differ in the fourth digit). Inner product of unit vectors is their cosine.

Up to `EXACT_UP_TO` vectors every search compares all of them. Above, vectors are grouped around
centroids (an inverted file, IVF; Jégou et al., 2011) and a search looks into the nearest groups
only. How many it takes is measured when the groups are made: enough that the ten nearest are found
as often as `_WANTED_RECALL` says, and the recall that was reached is kept. No graph index (HNSW):
nothing can be removed from one.
"""

import hashlib
import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Shape (n, dimension), rows of unit length."""

EXACT_UP_TO = 200_000  # vectors: 12 ms on one core, as long as embedding a question
_WANTED_RECALL = 0.98
_SAMPLES = 200  # vectors whose neighbours are looked up to measure recall
_NEAREST = 10  # neighbours of each
_TRAINED_ON = 40  # vectors for each centroid: the least with which FAISS is content
_OUTGROWN = 2  # times as many vectors as the groups were made for
_BATCH = 10_000  # vectors taken over at once: 15 MB at 384 dimensions
_PIECE = 1 << 20  # bytes of a snapshot written or read at once
_QUANTIZER = faiss.ScalarQuantizer.QT_fp16


class VectorIndex:
    """Chunk ids and their vectors. Not safe for threads; its owner holds a lock.

    `recall` is the share of the ten nearest neighbours that a search finds, as measured when the
    vectors were grouped; 1.0 where all are compared.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.recall = 1.0
        self._index: Any = faiss.IndexIDMap2(
            faiss.IndexScalarQuantizer(dimension, _QUANTIZER, faiss.METRIC_INNER_PRODUCT)
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
        if not self.grouped:
            ids: npt.NDArray[np.int64] = faiss.vector_to_array(self._index.id_map)
            return ids
        return np.concatenate([ids for ids, _ in self._groups()] or [np.empty(0, np.int64)])

    @property
    def grouped(self) -> bool:
        """Whether a search looks into some groups only."""
        return isinstance(self._index, faiss.IndexIVF)

    @property
    def outgrown(self) -> bool:
        """Whether it holds so many vectors that they should be grouped, or grouped anew."""
        if not self.grouped:
            return len(self) > EXACT_UP_TO
        return len(self) > _OUTGROWN * _made_for(self._index.nlist)

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
        # subtle: FAISS divides the work by questions. With one question a second thread has nothing
        # to do and its waiting made a search take four times as long on a busy machine.
        faiss.omp_set_num_threads(1)
        question = vector.reshape(1, -1).astype(np.float32)
        scores, ids = self._index.search(question, k, params=self._parameters(among))
        return [
            (int(chunk), float(score))
            for chunk, score in zip(ids[0], scores[0], strict=True)
            if chunk >= 0
        ]

    def _parameters(self, among: npt.NDArray[np.int64] | None) -> Any:
        if among is None:
            return None
        library: Any = faiss  # its types do not know these parameters
        selector = library.IDSelectorBatch(among)
        if not self.grouped:
            return library.SearchParameters(sel=selector)
        # Few are left to compare, and they may lie in any group.
        return library.SearchParametersIVF(sel=selector, nprobe=self._index.nlist)

    def in_groups(self) -> "VectorIndex":
        """The same vectors, grouped, with its `recall` measured. Takes a minute or two for a
        million vectors of 384 dimensions on two cores."""
        faiss.omp_set_num_threads(os.cpu_count() or 1)
        groups = _group_count(len(self))
        index: Any = faiss.index_factory(
            self.dimension, f"IVF{groups},SQfp16", faiss.METRIC_INNER_PRODUCT
        )
        index.by_residual = False  # the vectors themselves, not their distance from the centroid
        index.cp.spherical = True
        index.cp.min_points_per_centroid = 1
        index.train(self._sample(_TRAINED_ON * groups, seed=0)[1])
        grouped = VectorIndex(self.dimension)
        grouped._index = index
        for ids, vectors in self._stored():
            grouped.add(ids, vectors)
        ids, vectors = self._sample(_SAMPLES, seed=1)
        grouped._widen(ids, vectors, self._neighbours(ids, vectors))
        return grouped

    def _widen(
        self,
        ids: npt.NDArray[np.int64],
        vectors: Vectors,
        nearest: npt.NDArray[np.int64],
    ) -> None:
        """Look into twice as many groups until as many of the `nearest` are found as wanted."""
        self._index.nprobe = 4
        while True:
            found = self._neighbours(ids, vectors)
            shared = sum(
                len(set(a) & set(b)) for a, b in zip(found.tolist(), nearest.tolist(), strict=True)
            )
            self.recall = shared / nearest.size
            if self.recall >= _WANTED_RECALL or 2 * self._index.nprobe > self._index.nlist:
                return
            self._index.nprobe *= 2

    def _neighbours(self, ids: npt.NDArray[np.int64], vectors: Vectors) -> npt.NDArray[np.int64]:
        """Of each stored vector the ids of the nearest others, shape (n, at most 10)."""
        found = self._index.search(vectors, min(_NEAREST + 1, len(self)))[1]
        others = [
            [one for one in row if one != own][: found.shape[1] - 1]
            for own, row in zip(ids, found, strict=True)
        ]
        return np.asarray(others, np.int64)

    def _sample(self, most: int, *, seed: int) -> tuple[npt.NDArray[np.int64], Vectors]:
        """Ids and vectors of chunks chosen at random, `most` of them or all."""
        ids = self.ids()
        chosen = np.random.default_rng(seed).permutation(ids)[:most]
        parts = [
            (held[inside], vectors[inside])
            for held, vectors in self._stored()
            if (inside := np.isin(held, chosen)).any()
        ]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def _stored(self) -> Iterator[tuple[npt.NDArray[np.int64], Vectors]]:
        """All ids and vectors, in batches."""
        if self.grouped:
            for ids, codes in self._groups():
                yield ids, codes.view(np.float16).astype(np.float32)
            return
        ids = self.ids()
        for at in range(0, len(ids), _BATCH):
            count = min(_BATCH, len(ids) - at)
            yield ids[at : at + count], self._index.index.reconstruct_n(at, count)

    def _groups(self) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]]:
        """Of each group that is not empty the ids and the bytes of their vectors."""
        lists = self._index.invlists
        for group in range(self._index.nlist):
            size = lists.list_size(group)
            if size:
                ids = faiss.rev_swig_ptr(lists.get_ids(group), size)
                codes = faiss.rev_swig_ptr(lists.get_codes(group), size * lists.code_size)
                yield ids.copy(), codes.reshape(size, lists.code_size).copy()

    def write(self, put: Callable[[bytes], object]) -> None:
        """Give `put`, piece by piece, the bytes that `load` makes the index of again."""
        library: Any = faiss  # its types do not know this class
        faiss.write_index(self._index, library.PyCallbackIOWriter(put, _PIECE))

    @classmethod
    def load(
        cls, path: Path, *, dimension: int, sha256: str, recall: float
    ) -> "VectorIndex | None":
        """The index whose bytes stand at `path`, or None where it is not exactly those.

        A damaged file may well load and then give other neighbours, hence the hash.
        """
        library: Any = faiss
        try:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                    return None
                file.seek(0)
                index = faiss.read_index(library.PyCallbackIOReader(file.read, _PIECE))
        except OSError:
            return None
        if index.d != dimension:
            return None
        loaded = cls(dimension)
        loaded._index, loaded.recall = index, recall
        return loaded


def _group_count(vectors: int) -> int:
    """Groups for so many vectors: finding the groups costs as much as looking into them."""
    return max(1, round(2 * math.sqrt(vectors)))


def _made_for(groups: int) -> int:
    return round((groups / 2) ** 2)
