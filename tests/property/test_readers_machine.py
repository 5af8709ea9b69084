"""From samples to readings: every check beside its definition, on and next to its limits."""

from hypothesis import settings
from readers_machine import Boundary, Scattered

TestBoundary = Boundary.TestCase
TestBoundary.settings = settings(max_examples=60, stateful_step_count=30)
TestScattered = Scattered.TestCase
TestScattered.settings = settings(max_examples=20, stateful_step_count=30)
