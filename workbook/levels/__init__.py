"""A city over its counties: their packs come in, and add up as if every copy that counts had been read here.

In comes a folder like a round's (`workbook.round.new_round` with `counties`); what is dropped in are counties' packs, or for a
province cities' (`workbook.reported`). The ledger, the folder and sealing are the round's own: this room alone goes behind
its door. `city` folds the events into who has sent what; `collecting` receives, `county_decisions` approves and recalls,
`adding_counties` adds up and seals.
"""

from workbook.levels.adding_counties import (
    close_city,
    returns_of_city,
    summarise_city,
    summary_of_city,
)
from workbook.levels.city import COUNTY_STATES, CityBoard, CountyState, city_status, fold_city
from workbook.levels.collecting import PACK_OUTCOMES, CityReceived, receive_packs
from workbook.levels.county_decisions import assign_pack, decide_county
from workbook.round.folder import level_of

__all__ = [
    "COUNTY_STATES",
    "PACK_OUTCOMES",
    "CityBoard",
    "CityReceived",
    "CountyState",
    "assign_pack",
    "city_status",
    "close_city",
    "decide_county",
    "fold_city",
    "level_of",
    "receive_packs",
    "returns_of_city",
    "summarise_city",
    "summary_of_city",
]
