"""Starts the server that comes with llama-cpp-python: `python tests/llama_server.py --model …`.

It is `python -m llama_cpp.server`, with weights as they are in the file: repacked for the
processor, some builds crash on them (see quire.models.engine.selftest).
"""

import llama_cpp.llama_cpp as api

defaults = api.llama_model_default_params


def without_extra_buffers():  # type: ignore[no-untyped-def]
    params = defaults()
    params.use_extra_bufts = False
    return params


api.llama_model_default_params = without_extra_buffers

if __name__ == "__main__":
    from llama_cpp.server.__main__ import main

    main()
