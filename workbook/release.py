"""Which release this is."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("selfeval-workbook")
except PackageNotFoundError:  # a checkout that was not installed
    __version__ = "?"
