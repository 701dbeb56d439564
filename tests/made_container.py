"""Compound files (MS-CFB), the container of older Office files and of Outlook's mails."""

import struct
from collections.abc import Mapping

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_END, _FREE, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF


def _padded(data: bytes, size: int) -> bytes:
    return data + bytes(-len(data) % size)


def _chain(count: int, first: int) -> list[int]:
    return [*range(first + 1, first + count), _END] if count else []


def container(streams: Mapping[str, bytes]) -> bytes:
    """A container with these streams, by their paths; folders are made as they are needed."""
    folders = sorted(
        {path.rsplit("/", n)[0] for path in streams for n in range(1, path.count("/") + 1)}
    )
    names = ["", *folders, *streams]
    sectors, mini, fat, mini_fat = b"", b"", [], []
    places: dict[str, int] = {}
    for name, data in streams.items():
        if len(data) < _CUTOFF:
            places[name] = len(mini) // _MINI if data else _END
            mini_fat += _chain(-(-len(data) // _MINI), len(mini) // _MINI)
            mini += _padded(data, _MINI)
        else:
            places[name] = len(fat)
            fat += _chain(-(-len(data) // _SECTOR), len(fat))
            sectors += _padded(data, _SECTOR)

    def add(data: bytes) -> int:
        nonlocal sectors
        first = len(fat)
        data = _padded(data, _SECTOR)
        fat.extend(_chain(len(data) // _SECTOR, first))
        sectors += data
        return first if data else _END

    mini_start = add(mini)
    mini_fat_start = add(struct.pack(f"<{len(mini_fat)}I", *mini_fat).ljust(_SECTOR, b"\xff"))

    def entry(at: int, name: str) -> bytes:
        parent = name.rpartition("/")[0]
        children = [n for n in names[1:] if n.rpartition("/")[0] == name and n != name]
        siblings = [n for n in names[1:] if n.rpartition("/")[0] == parent and n]
        follows = siblings[siblings.index(name) + 1 :] if name else []
        kind = 5 if not name else 1 if name in folders else 2
        written = ("Root Entry" if not name else name.rpartition("/")[2]).encode("utf-16-le")
        start, size = (mini_start, len(mini)) if kind == 5 else (0, 0)
        if kind == 2:
            start, size = places[name], len(streams[name])
        return struct.pack(
            "<64sHBBIII16sIQQIQ", written, len(written) + 2, kind, 1, _NONE,
            names.index(follows[0]) if follows else _NONE,
            names.index(children[0]) if children else _NONE,
            b"", 0, 0, 0, start, size,
        )  # fmt: skip

    folder_start = add(b"".join(entry(at, name) for at, name in enumerate(names)))
    own = -(-(len(fat) + 1) // (_SECTOR // 4))
    fat_start = len(fat)
    fat += [0xFFFFFFFD] * own
    fat += [_FREE] * (-len(fat) % (_SECTOR // 4))
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        0, own, folder_start, 0, _CUTOFF, mini_fat_start, 1, _END, 0, fat_start,
    )  # fmt: skip
    return header.ljust(_SECTOR, b"\xff") + sectors + struct.pack(f"<{len(fat)}I", *fat)
