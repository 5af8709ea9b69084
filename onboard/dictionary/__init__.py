"""The one source of a vehicle's names: commands, channels, events, parameters, faults, modes.

TOML files per vehicle (`lander/`), a loader that checks them, and exporters.
"""

from onboard.dictionary.loader import Dictionary, DictionaryError, Problem, load, vehicles

__all__ = ["Dictionary", "DictionaryError", "Problem", "load", "vehicles"]
