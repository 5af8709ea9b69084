"""The machines that mutants meet, graph-aware and uniform, over the same tables."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from protection_machine import Graph, Uniform, driven
from protection_tables import RICH, table_with
from readers_machine import Boundary, Scattered
from strategies_protection import protections

BUDGET = settings(settings.default, max_examples=80, stateful_step_count=20)
_TABLES = (st.sampled_from([table_with(), table_with(RICH)]), protections())


def of(stage: str) -> list[type[RuleBasedStateMachine]]:
    """The machines of one way to choose inputs."""
    graph = stage == "graph"
    driver = Graph if graph else Uniform
    return [Boundary if graph else Scattered, *(driven(driver, tables) for tables in _TABLES)]
