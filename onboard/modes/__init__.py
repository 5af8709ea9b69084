"""Modes of a vehicle: the graph, and the manager that runs entry sequences."""
