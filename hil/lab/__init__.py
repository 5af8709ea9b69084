"""A lab of boards: a server that owns them, and its clients. `docs/lab.md` has the protocol."""
