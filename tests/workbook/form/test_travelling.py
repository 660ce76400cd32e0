"""A form goes to other processes, and comes back the same."""

from __future__ import annotations

import pickle
from pathlib import Path

from workbook import find_form
from workbook.form import form_of


def test_a_form_of_a_file_and_one_given_as_bytes_come_back_as_themselves() -> None:
    of_file = find_form("department_overall")
    assert pickle.loads(pickle.dumps(of_file)) is of_file
    given = form_of(Path("in_no_folder.toml"), of_file.definition.encode())
    assert pickle.loads(pickle.dumps(given)) is given
