"""Settings of all tests: an example may take its time, which is the machine's affair."""

from hypothesis import settings

settings.register_profile("onboard", deadline=None)
settings.load_profile("onboard")
