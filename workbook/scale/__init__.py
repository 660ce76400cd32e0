"""Returns by the hundred thousand: read and checked in batches, each written as Parquet as it comes.

In come paths or URLs and an executor; out comes a `Summary` like any other (`roll_up`), worked out from the
parts on disk. Start in `partitions`, then `rollup`.
"""

from workbook.scale.partitions import Partitions, clear, listed, write_partitions
from workbook.scale.rollup import roll_up

__all__ = [
    "Partitions",
    "clear",
    "listed",
    "roll_up",
    "write_partitions",
]
