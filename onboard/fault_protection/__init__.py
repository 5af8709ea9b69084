"""Fault protection: one table per vehicle, monitors, responses, a pure engine, and its proof."""
