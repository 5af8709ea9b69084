"""Vehicles: which component runs in which rate group."""
