"""The examples in docstrings are run."""

import doctest
import importlib
import pkgutil

import pytest

import quire.text
import quire.verification

MODULES = [
    name
    for package in (quire.text, quire.verification)
    for name in (
        package.__name__,
        *(each.name for each in pkgutil.iter_modules(package.__path__, package.__name__ + ".")),
    )
]


@pytest.mark.parametrize("name", MODULES)
def test_what_a_docstring_shows_is_so(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
