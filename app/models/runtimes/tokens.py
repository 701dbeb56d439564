"""Tokenizers that two models of one vocabulary share: one of 250,000 words takes half a second of
processor time to be read, and eighty megabytes."""

import threading
import weakref
from pathlib import Path
from typing import Any

_lock = threading.Lock()
_in_use: "weakref.WeakValueDictionary[Path, Any]" = weakref.WeakValueDictionary()


def load(path: Path, *, of: Path) -> Any:
    """The tokenizer in a file, of the model in the folder `of`, or the one of that model that is
    in use; it neither pads nor cuts. Raises what the library does."""
    from tokenizers import Tokenizer  # noqa: PLC0415  not needed where nothing is embedded

    with _lock:
        found = _in_use.get(of)
        if found is None:
            found = Tokenizer.from_file(str(path))
            found.no_padding()
            found.no_truncation()
            _in_use[of] = found
        return found
