"""Health: what the executive, the services and the sensors counted, once a second on the bus."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from onboard.bus import Topic
from onboard.executive import Counters
from onboard.services.commands import CommandService
from onboard.services.events import EventLog
from onboard.services.parameters import ParameterTable


class HealthSample(NamedTuple):
    """The flight computer's own state; counts since its start."""

    time_ns: int
    sequence: int  # the heartbeat: rises by one a second
    ticks: int
    overloaded_ticks: int
    overruns: int
    slips: int
    sheds: int
    tick_gaps: int
    ticks_refused: int
    time_faults: int
    restarts: int
    checkpoint_failures: int
    backlog_us: float
    events: int
    errors: int
    commands_accepted: int
    commands_rejected: int
    parameters_crc: int
    stamps_corrected: int


class HealthService:
    """Publishes a HealthSample at its rate."""

    def __init__(
        self,
        topic: Topic,
        counters: Counters,
        events: EventLog,
        commands: CommandService,
        parameters: ParameterTable,
        stamps_corrected: Callable[[], int],
    ) -> None:
        """`counters` are those that the executive is built with; `stamps_corrected` counts the
        samples whose stamp the sensors put right."""
        self._topic = topic
        self._counters = counters
        self._events = events
        self._commands = commands
        self._parameters = parameters
        self._stamps_corrected = stamps_corrected

    def step(self, now_ns: int) -> None:
        """Publish the counters as they are now."""
        c = self._counters
        members = c.members.values()
        sample = HealthSample(
            time_ns=now_ns,
            sequence=self._topic.sequence,
            ticks=c.ticks,
            overloaded_ticks=c.overloaded_ticks,
            overruns=sum(m.overruns for m in members),
            slips=sum(m.slips for m in members),
            sheds=sum(m.sheds for m in members),
            tick_gaps=c.tick_gaps,
            ticks_refused=c.ticks_refused,
            time_faults=c.time_faults,
            restarts=c.restarts,
            checkpoint_failures=c.checkpoint_failures,
            backlog_us=c.backlog_us,
            events=self._events.total,
            errors=self._events.errors,
            commands_accepted=self._commands.accepted,
            commands_rejected=self._commands.rejected,
            parameters_crc=self._parameters.crc,
            stamps_corrected=self._stamps_corrected(),
        )
        self._topic.publish(sample, now_ns)
