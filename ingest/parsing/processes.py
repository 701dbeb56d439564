"""How many parser processes keep up with the embedding of what they parse."""


def by_cores(cores: int, *, gpu: bool) -> int:
    """Half of the cores, up to 4: embedding needs the others. Where a GPU may embed, ten times as
    fast, all but one, up to 8.

    >>> [by_cores(cores, gpu=False) for cores in (1, 2, 4, 16)]
    [1, 1, 2, 4]
    >>> [by_cores(cores, gpu=True) for cores in (1, 2, 4, 16)]
    [1, 1, 3, 8]
    """
    return max(1, min(8, cores - 1) if gpu else min(4, cores // 2))
