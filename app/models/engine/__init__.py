"""llama.cpp inside the process: a GGUF model, its thread, its contexts and its chat template."""
