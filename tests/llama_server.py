"""Starts the server that comes with llama-cpp-python: `python tests/llama_server.py --model …`.

It is `python -m llama_cpp.server`, with weights as they are in the file: repacked for the
processor, some builds crash on them (see quire.models.engine.selftest). For each step of the model
it adds a byte to the file that QUIRE_TEST_STEPS names.
"""

import os
from pathlib import Path

import llama_cpp.llama_cpp as api

defaults, decode = api.llama_model_default_params, api.llama_decode


def without_extra_buffers():  # type: ignore[no-untyped-def]
    params = defaults()
    params.use_extra_bufts = False
    return params


def counted(*arguments):  # type: ignore[no-untyped-def]
    with Path(os.environ["QUIRE_TEST_STEPS"]).open("ab") as steps:
        steps.write(b".")
    return decode(*arguments)


api.llama_model_default_params = without_extra_buffers
api.llama_decode = counted

if __name__ == "__main__":
    from llama_cpp.server.__main__ import main

    main()
