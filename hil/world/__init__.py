"""The emulated Moon: its ground, its light, and the map that a survey of it would give."""
