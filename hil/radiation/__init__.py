"""Bit flips in memory and registers of an emulated board while it flies: docs/radiation.md."""
