"""The engine beside its model, driven by rules that know the table."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from protection_machine import Graph, Uniform, driven
from protection_tables import RICH, table_with
from strategies_protection import protections

from onboard.dictionary import load

TABLES = st.sampled_from([table_with(), table_with(RICH)])
LANDER = st.just(load("lander").protection)
slow = [HealthCheck.too_slow, HealthCheck.data_too_large]

TestKnownTables = driven(Graph, TABLES).TestCase
TestKnownTables.settings = settings(
    max_examples=60, stateful_step_count=25, suppress_health_check=slow
)
TestRandomTables = driven(Graph, protections()).TestCase
TestRandomTables.settings = settings(
    max_examples=60, stateful_step_count=12, suppress_health_check=slow
)
TestLander = driven(Graph, LANDER).TestCase
TestLander.settings = settings(max_examples=12, stateful_step_count=12, suppress_health_check=slow)
TestUniformInputs = driven(Uniform, TABLES | protections()).TestCase
TestUniformInputs.settings = settings(
    max_examples=20, stateful_step_count=8, suppress_health_check=slow
)
