"""What all vehicles are around their own components: stores, services, executive.

A vehicle derives from `Vehicle` and, in this order, calls `mount` with its memory, builds its
components, calls `serve` with its radio, `register` with who carries out its own commands, and
`run` with its members.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from onboard.bus import Bus
from onboard.dictionary import Dictionary
from onboard.executive import Counters, Executive, members_of
from onboard.fault_protection.component import FaultProtection
from onboard.ports import InputPort, NonVolatileMemory, Radio
from onboard.services.archive import ARCHIVE_BYTES, Archive
from onboard.services.boot import CELL_BYTES, Boot
from onboard.services.channels import ChannelReader
from onboard.services.commands import CommandService
from onboard.services.events import EventLog
from onboard.services.health import HealthService
from onboard.services.housekeeping import Housekeeping
from onboard.services.parameters import ParameterTable
from onboard.services.recorder import Recorder, Sink
from onboard.services.sequences import SequenceService
from onboard.services.storage import TwoCopyStore
from onboard.services.telemetry import TelemetryService

CHECKPOINT_BYTES = 8192  # about 4,300 are used
PARAMETER_BYTES = 4096
ARCHIVE_ADDRESS = 1 << 16  # what lies before it is the computer's own
MEMORY_BYTES = ARCHIVE_ADDRESS + ARCHIVE_BYTES

SERVICES: dict[str, Any] = {
    "fault_protection": FaultProtection,
    "commands": CommandService,
    "sequences": SequenceService,
    "telemetry": TelemetryService,
    "health": HealthService,
    "boot": Boot,
    "archive": Archive,
    "parameters": ParameterTable,
    "executive": Executive,
}
"""What every vehicle is built of besides its own: members, its parameters, and what runs them."""


class Vehicle:
    """Bus, events, recorder and parameters of one vehicle; the rest follows step by step."""

    sends_events = False  # over the radio

    def __init__(
        self, dictionary: Dictionary, components: Mapping[str, Any], sink: Sink | None
    ) -> None:
        """`components` are classes by the name of their member, those of `SERVICES` among them."""
        self._make = components
        self.bus = Bus()
        self.dictionary = dictionary
        self.events = EventLog(dictionary.events)
        self.recorder = Recorder(sink, events=self.events)
        self.parameters: ParameterTable = components["parameters"](
            dictionary.parameters, self.events
        )
        self.recorder.watch(self.parameters)

    def mount(self, memory: NonVolatileMemory, parameters: Mapping[str, float] | None) -> None:
        """Read the parameters that are stored; `parameters` go over them."""
        sizes = (CHECKPOINT_BYTES, PARAMETER_BYTES, PARAMETER_BYTES, CELL_BYTES)
        stores, at = [], 0
        for size in sizes:
            stores.append(TwoCopyStore(memory, at, size))
            at += TwoCopyStore.extent(size)
        assert at <= ARCHIVE_ADDRESS
        self.checkpoints, self.parameter_store, self.good_parameters, self.boot_cell = stores
        self.parameters.restore(self.parameter_store)
        self.parameters.set_all(parameters or {})
        if self.good_parameters.read() is None:
            self.parameters.save(self.good_parameters)

    def serve(
        self,
        radio: Radio,
        memory: NonVolatileMemory,
        stamps_corrected: Callable[[], int],
        initial_mode: str | None = None,
    ) -> None:
        """Build the services; `stamps_corrected` is of the vehicle's sensors."""
        make, dictionary, events, bus = self._make, self.dictionary, self.events, self.bus
        self.commands: CommandService = make["commands"](
            dictionary,
            events,
            mode=lambda: self.fault_protection.mode,
            arm_timeout_s=self.parameters["services.arm_timeout_s"],
            radio=radio,
            contact=bus.topic("commands"),
        )
        self.fault_protection: FaultProtection = make["fault_protection"](
            bus,
            dictionary,
            ChannelReader,
            self.commands,
            events=events,
            initial_mode=initial_mode,
            command_loss_s=self.parameters["services.command_loss_s"],
        )
        self.sequences: SequenceService = make["sequences"](
            dictionary.sequences, self.commands.codec, self.commands.dispatch, events
        )
        self.telemetry: TelemetryService = make["telemetry"](
            dictionary,
            bus,
            radio,
            enabled=lambda: bool(self.parameters["services.telemetry_enabled"]),
            events=events if self.sends_events else None,
        )
        self.counters: Counters = Counters()
        self.health: HealthService = make["health"](
            bus.topic("health"),
            self.counters,
            events,
            self.commands,
            self.parameters,
            stamps_corrected,
        )
        self._storage(radio, memory)

    def _storage(self, radio: Radio, memory: NonVolatileMemory) -> None:
        protection, events, bus = self.fault_protection, self.events, self.bus
        self.boot: Boot = self._make["boot"](
            self.boot_cell,
            bus.topic("boot"),
            self.dictionary.schedule.members,
            events,
            critical=lambda: protection.in_critical_event,
            healthy_s=self.parameters["services.healthy_s"],
        )
        self.housekeeping = Housekeeping(lambda: protection.mode_number, self.counters, events)
        self.archive: Archive = self._make["archive"](
            memory,
            ARCHIVE_ADDRESS,
            bus.topic("archive"),
            events,
            radio,
            product=self.housekeeping.product,
            period_s=self.parameters["services.product_period_s"],
        )

    def register(self, handlers: Mapping[str, Callable[..., str | None]]) -> None:
        """Say who carries each command of the dictionary out: the services, and `handlers`."""
        common: dict[str, Callable[..., str | None]] = {
            **self.fault_protection.handlers(),
            "RESTART": self._restart,
            "PARAM_SET": self._set_parameter,
            "PARAM_SAVE": self._save_parameters,
            "PARAM_CONFIRM": self._confirm_parameters,
            "PARAM_REVERT": self._revert_parameters,
            "PRODUCT_SEND": self.archive.send,
            "PRODUCTS_ERASE": self.archive.erase,
            "SEQUENCE_START": lambda now_ns, name: self.sequences.start(name, now_ns),
            "SEQUENCE_STOP": lambda now_ns, name: self.sequences.stop(name, now_ns),
        }
        for name, handler in {**common, **handlers}.items():
            self.commands.register(name, handler)
        assert not self.commands.unhandled(), self.commands.unhandled()

    def run(
        self,
        members: Mapping[str, Any],
        load: InputPort | None,
        target: str,
        wrap: Callable[[str, Callable[[int], None]], Callable[[int], None]] | None,
    ) -> None:
        """Build the executive around the vehicle's own members and the services."""
        schedule = self.dictionary.schedule
        services = {
            "fault_protection": self.fault_protection,
            "commands": self.commands,
            "sequences": self.sequences,
            "telemetry": self.telemetry,
            "health": self.health,
            "boot": self.boot,
            "archive": self.archive,
        }
        self.executive: Executive = self._make["executive"](
            members_of(schedule.members, {**members, **services}),
            schedule.costs_us(target),
            load=load,
            events=self.events,
            recorder=self.recorder,
            checkpoints=self.checkpoints,
            starts=self.boot,
            counters=self.counters,
            checkpoint_ticks=schedule.checkpoint_ticks,
            restart_ticks=schedule.restart_ticks,
            watchdog_ticks=schedule.watchdog_ticks,
            wrap=wrap,
        )

    def _restart(self, now_ns: int) -> None:
        self.boot.forgive(now_ns)
        self.executive.restart("command", now_ns)

    def _set_parameter(self, now_ns: int, name: str, value: float) -> str | None:
        try:
            self.parameters.set(name, value, now_ns)
        except ValueError as error:
            return str(error)
        return None

    def _save_parameters(self, now_ns: int) -> str | None:
        return None if self.parameters.save(self.parameter_store, now_ns) else "not stored"

    def _confirm_parameters(self, now_ns: int) -> str | None:
        if not self.parameters.save(self.good_parameters, now_ns):
            return "not stored"
        self.events.emit("PARAMETERS_CONFIRMED", now_ns, crc=self.parameters.crc)
        return None

    def _revert_parameters(self, now_ns: int) -> str | None:
        if self.parameters.revert(self.good_parameters, now_ns):
            self.parameters.save(self.parameter_store, now_ns)
            self.executive.restart("parameters reverted", now_ns)
        return None
