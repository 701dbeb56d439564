"""How the threads of OpenMP wait, which decides whether a busy machine still answers.

llama.cpp and torch split each small step of their work among OpenMP threads. By default a thread
that is done spins until the others are, which on a machine with another busy program takes the
processor away from the very thread it waits for: two threads can fall to a hundredth of their
speed. Waiting passively costs a little when nothing else runs, and keeps a usable speed otherwise.

The library reads its policy from the environment, once, when it is loaded. So an entry point says

    from quire.models.engine.openmp import wait_passively
    wait_passively()

in its first lines. It is the one setting of Quire that goes through the environment.
"""

import os
import sys

_VARIABLE = "OMP_WAIT_POLICY"
# Each of them loads an OpenMP library when it is imported.
_LOADERS = ("torch", "llama_cpp", "sklearn", "faiss")


def wait_passively() -> bool:
    """Make OpenMP threads wait without spinning, unless the user chose a policy.

    Returns whether the threads of this process will wait passively. When a library that brings
    OpenMP is loaded already, its policy stands and the environment is left alone.
    """
    if not any(name in sys.modules for name in _LOADERS):
        os.environ.setdefault(_VARIABLE, "PASSIVE")
    return waits_passively()


def waits_passively() -> bool:
    """Whether the environment asks for passive waiting."""
    return os.environ.get(_VARIABLE, "").upper() == "PASSIVE"
