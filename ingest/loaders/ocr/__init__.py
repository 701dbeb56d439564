"""OCR: the text of pages that are pictures, read by a neural network on this machine."""
