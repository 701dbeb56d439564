"""Calls of pdfium that cost as little as they can: a page may take ten thousand of them."""

import ctypes
from array import array
from typing import Any


def fast(function: Any, result: Any, *arguments: Any) -> Any:
    """A binding for short calls: unchecked, and it keeps the interpreter's lock.

    That takes a third of the time. Where `arguments` are not said, addresses must come as
    `c_void_p` objects.
    """
    address = ctypes.cast(function, ctypes.c_void_p).value
    return ctypes.PYFUNCTYPE(result, *arguments)(address or 0)


def shared(kind: str, count: int) -> tuple[Any, list[ctypes.c_void_p]]:
    """`count` numbers that pdfium writes into, and the address of each. An array, because reading
    the fields of a structure takes three times as long."""
    numbers = array(kind, [0] * count)
    address, _ = numbers.buffer_info()
    return numbers, [ctypes.c_void_p(address + at * numbers.itemsize) for at in range(count)]
