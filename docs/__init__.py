"""The documentation; `generate` writes the pages that are made from the code."""
