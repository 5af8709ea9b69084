"""Flight software for small lunar landers and rovers."""

__version__ = "0.1.0"
