"""The lazy fix of wrong uploads: after a silence all that the ground ever changed is taken back."""

from __future__ import annotations

from onboard.services.parameters import ParameterTable, Store


class BackToLaunch(ParameterTable):
    """Returns to the table that the computer first started with."""

    _launch: bytes | None = None

    def set_all(self, values: object) -> None:
        super().set_all(values)  # type: ignore[arg-type]
        self._launch = self._launch or self.to_bytes()

    def revert(self, store: Store, now_ns: int = 0) -> bool:
        if self._launch is None or self._launch == self.to_bytes():
            return False
        self.from_bytes(self._launch)
        self._emit("PARAMETERS_REVERTED", now_ns, crc=self.crc)
        return True
