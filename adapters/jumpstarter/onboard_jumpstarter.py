"""Boards of onboard's lab in Jumpstarter: a driver for an exporter, and its client.

The exporter stands where the lab is reached. Whoever has leased it reserves the board, switches its
power and flies scenarios on it: onboard's own program runs at the client, and reaches the lab
through the exporter.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import onboard_lab_client
from anyio import connect_tcp
from jumpstarter.driver import Driver, export, exportstream
from jumpstarter_driver_network.adapters import TcpPortforwardAdapter
from jumpstarter_driver_network.client import NetworkClient
from jumpstarter_driver_network.driver import NetworkInterface
from jumpstarter_driver_power.client import PowerClient
from jumpstarter_driver_power.common import PowerReading
from jumpstarter_driver_power.driver import PowerInterface


@dataclass(kw_only=True)
class OnboardBoard(PowerInterface, NetworkInterface, Driver):
    """One board of a lab; the token is ONBOARD_LAB_TOKEN at the exporter, or its user's own."""

    board: str
    host: str = "127.0.0.1"
    port: int = 7370
    owner: str = "jumpstarter"

    @classmethod
    def client(cls) -> str:
        return "onboard_jumpstarter.OnboardBoardClient"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._lab: onboard_lab_client.Lab | None = None

    @export
    def reserve(self) -> None:
        """The board is ours while this exporter's session lasts, or until `release`."""
        if self._lab is None:
            token = onboard_lab_client.token()
            lab = onboard_lab_client.Lab(self.host, self.port, token, self.owner)
            try:
                lab.ask("reserve", board=self.board)
            except onboard_lab_client.Refused:
                lab.close()
                raise
            self._lab = lab

    def _reserved(self) -> onboard_lab_client.Lab:
        if self._lab is None:
            raise onboard_lab_client.Refused(f"{self.board}: reserve it first")
        return self._lab

    @export
    def on(self) -> None:
        """Power on."""
        self._reserved().ask("power", board=self.board, to="on")

    @export
    def off(self) -> None:
        """Power off."""
        self._reserved().ask("power", board=self.board, to="off")

    @export
    async def read(self) -> AsyncGenerator[PowerReading, None]:
        """No meter is on its supply: nothing."""
        for reading in ():
            yield reading

    @export
    def ticket(self) -> dict[str, str]:
        """What onboard's program must have to use the board: its name, owner and token."""
        lab = self._reserved()
        return {"board": self.board, "owner": lab.owner, "token": lab.token}

    @exportstream
    @asynccontextmanager
    async def connect(self) -> Any:
        """To the lab, as the exporter reaches it."""
        async with await connect_tcp(remote_host=self.host, remote_port=self.port) as stream:
            yield stream

    @export
    def release(self) -> None:
        """The board is free, and off."""
        if self._lab is not None:
            self._lab.ask("release", board=self.board)
            self._lab.close()
            self._lab = None

    def close(self) -> None:
        self.release()
        super().close()


class OnboardBoardClient(PowerClient, NetworkClient):
    """`reserve`, `on`, `off`, `cycle`, `fly`, `release`."""

    def reserve(self) -> None:
        self.call("reserve")

    def release(self) -> None:
        self.call("release")

    def fly(self, scenario: str, *options: str) -> dict[str, Any]:
        """The result of `hil run SCENARIO` on the board, through the exporter. Raises Refused."""
        ticket = self.call("ticket")
        who = ticket["token"], ticket["owner"]
        with (
            TcpPortforwardAdapter(client=self) as (host, port),
            onboard_lab_client.Lab(host, port, *who) as lab,
        ):
            return onboard_lab_client.fly(scenario, lab, ticket["board"], *options)
