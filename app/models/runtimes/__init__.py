"""What computes an embedding model: torch, or ONNX Runtime over an export that torch made."""
