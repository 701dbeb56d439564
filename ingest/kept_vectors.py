"""The vectors of the texts of some documents, until these are committed.

A document may have a hundred thousand chunks, whose vectors take 75 MB at 384 dimensions and 200 MB
at 1,024. So those beyond a measure wait on the disk, and each text's is kept once.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from quire.errors import KnowledgeBaseError
from quire.indexes.folder import files

_IN_MEMORY = 16_000_000  # bytes


@contextlib.contextmanager
def kept_vectors(folder: Path) -> Iterator["KeptVectors"]:
    """Vectors while the block lasts; those that are too many are kept in a file in `folder`."""
    with files.scratch(folder, in_memory=_IN_MEMORY) as file:
        yield KeptVectors(file, folder)


class KeptVectors:
    """Vectors (float16) by the hash of their text."""

    def __init__(self, file: IO[bytes], folder: Path) -> None:
        self._file = file
        self._folder = folder
        self._rows: dict[bytes, int] = {}
        self._width = 0  # bytes of a vector

    def __contains__(self, text_hash: bytes) -> bool:
        return text_hash in self._rows

    def __setitem__(self, text_hash: bytes, vector: npt.NDArray[np.float16]) -> None:
        row = np.ascontiguousarray(vector, "<f2").tobytes()
        self._width = len(row)
        with self._translated():
            self._file.seek(len(self._rows) * self._width)
            self._file.write(row)
        self._rows[text_hash] = len(self._rows)

    def __getitem__(self, text_hash: bytes) -> npt.NDArray[np.float16]:
        with self._translated():  # the last ones may be written only now
            self._file.seek(self._rows[text_hash] * self._width)
            return np.frombuffer(self._file.read(self._width), "<f2")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise KnowledgeBaseError(
                f"{self._folder} could not be written: {error.strerror or error}.",
                hint="Check the free space and the permissions of the disk, then try again.",
            ) from error
