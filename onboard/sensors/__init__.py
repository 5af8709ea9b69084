"""Sensors: samples from the ports, checked, onto the bus."""
