"""What one level hands to the next: the copies that count, cell by cell, with their findings, in a sealed pack.

In come returns and what a round knows of them; out comes `…-上报.zip`, and of such a pack the returns again, as they were.
`return_record` turns a return into plain data and back, `report_pack` seals, opens and holds to the seal. Start there.
"""

from workbook.reported.report_pack import (
    CITY,
    COUNTY,
    LIST,
    PackedDuty,
    ReportPack,
    is_pack,
    open_pack,
    pack_of,
    write_city_pack,
    write_pack,
)
from workbook.reported.whole_file import ROOM, is_as_stamped, stamp

__all__ = [
    "CITY",
    "COUNTY",
    "LIST",
    "ROOM",
    "PackedDuty",
    "ReportPack",
    "is_as_stamped",
    "is_pack",
    "open_pack",
    "pack_of",
    "stamp",
    "write_city_pack",
    "write_pack",
]
