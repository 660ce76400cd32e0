"""Which release this is; the package is built with this number."""

__version__ = "0.1.0"
