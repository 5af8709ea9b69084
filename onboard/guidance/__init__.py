"""Where to steer: descent guidance."""
