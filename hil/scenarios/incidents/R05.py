"""A parameter table as those that were lost to an upload: the last words that came hold."""

from __future__ import annotations

from onboard.services.parameters import ParameterTable, Store


class TakesAnyUpload(ParameterTable):
    """There is no earlier table to return to."""

    def revert(self, store: Store, now_ns: int = 0) -> bool:
        return False
