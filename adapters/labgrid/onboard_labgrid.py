"""Boards of onboard's lab in labgrid: a resource that an exporter exports, and its driver.

labgrid reserves a place; the driver, once active, has its board in the lab, switches its power and
flies scenarios on it.
"""

from __future__ import annotations

from typing import Any

import attr
import onboard_lab_client
from labgrid.driver.common import Driver
from labgrid.factory import target_factory
from labgrid.protocol import PowerProtocol
from labgrid.resource.common import Resource
from labgrid.step import step


@target_factory.reg_resource
@attr.s(eq=False)
class OnboardBoard(Resource):
    """A board of a lab: where `hil serve` runs, and the board's name there."""

    host = attr.ib(default="127.0.0.1", validator=attr.validators.instance_of(str))
    port = attr.ib(default=7370, validator=attr.validators.instance_of(int))
    board = attr.ib(default="", validator=attr.validators.instance_of(str))
    extra = attr.ib(default=attr.Factory(dict))  # what an exporter adds: its proxy


@target_factory.reg_driver
@attr.s(eq=False)
class OnboardBoardDriver(Driver, PowerProtocol):
    """Power and flights of an OnboardBoard. It is reserved while the driver is active.

    `owner` is who has it in the lab; the token is that of ONBOARD_LAB_TOKEN or the user's own.
    """

    bindings = {"resource": OnboardBoard}  # noqa: RUF012 (labgrid's way)
    owner = attr.ib(default="labgrid", validator=attr.validators.instance_of(str))

    def on_activate(self) -> None:
        where = self.resource
        token = onboard_lab_client.token()
        self._lab = onboard_lab_client.Lab(where.host, where.port, token, self.owner)
        try:
            self._lab.ask("reserve", board=where.board)
        except onboard_lab_client.Refused:
            self._lab.close()
            raise

    def on_deactivate(self) -> None:
        self._lab.ask("release", board=self.resource.board)
        self._lab.close()

    def _power(self, to: str) -> None:
        self._lab.ask("power", board=self.resource.board, to=to)

    @Driver.check_active
    @step()
    def on(self) -> None:
        self._power("on")

    @Driver.check_active
    @step()
    def off(self) -> None:
        self._power("off")

    @Driver.check_active
    @step()
    def cycle(self) -> None:
        self._power("cycle")

    @Driver.check_active
    @step()
    def get(self) -> bool:
        """Whether it has power."""
        boards = {b["name"]: b for b in self._lab.ask("list")["boards"]}
        return bool(boards[self.resource.board]["power"])

    @Driver.check_active
    @step(args=["scenario"])
    def fly(self, scenario: str, *options: str) -> dict[str, Any]:
        """The result of `hil run SCENARIO` on the board."""
        return onboard_lab_client.fly(scenario, self._lab, self.resource.board, *options)
