"""Locks with a password: as ISO 29500 says by this file's own reckoning, and as LibreOffice takes them."""

from __future__ import annotations

import base64
import hashlib
import struct
import xml.etree.ElementTree as ET
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

from builder.template import Addressee, build_template, issue
from tests.office import Office, OfficeError
from workbook.form import find_form

FORM = find_form("department_overall")
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
PASSWORDS = ("s3cret!", "财政局2024")


def protections(path: Path) -> dict[str, dict[str, str]]:
    """The attributes of each part's protection."""
    found: dict[str, dict[str, str]] = {}
    with ZipFile(path) as package:
        for name in package.namelist():
            if name.endswith(".xml"):
                root = ET.fromstring(package.read(name))
                for tag in ("sheetProtection", "workbookProtection"):
                    for element in root.iter(f"{MAIN}{tag}"):
                        found[name] = dict(element.attrib)
    return found


def fits(password: str, salt: str, spins: str, expected: str) -> bool:
    digest = hashlib.sha512(base64.b64decode(salt) + password.encode("utf-16")[2:]).digest()
    for n in range(int(spins)):
        digest = hashlib.sha512(digest + struct.pack("<I", n)).digest()
    return base64.b64encode(digest).decode() == expected


@pytest.mark.parametrize("password", PASSWORDS)
def test_sheets_and_structure_carry_the_hash_of_the_password(password: str, tmp_path: Path) -> None:
    found = protections(build_template(FORM, tmp_path / "f.xlsx", password=password))
    structure = found.pop("xl/workbook.xml")
    assert structure["lockStructure"] == "1"
    kept = [structure[f"workbook{name}"] for name in ("SaltValue", "SpinCount", "HashValue")]
    assert structure["workbookAlgorithmName"] == "SHA-512"
    assert fits(password, *kept)
    assert not fits(password + " ", *kept)
    assert len(found) == 7
    for sheet in found.values():
        assert sheet["algorithmName"] == "SHA-512"
        assert [sheet[name] for name in ("saltValue", "spinCount", "hashValue")] == kept
        assert "password" not in sheet


def test_without_a_password_nothing_is_hashed(tmp_path: Path) -> None:
    found = protections(build_template(FORM, tmp_path / "f.xlsx"))
    assert len(found) == 8
    assert not any("ash" in name for attributes in found.values() for name in attributes)


def test_forms_of_one_batch_share_the_salt_and_batches_do_not(tmp_path: Path) -> None:
    addressed = [Addressee(code=f"{n:06}", department=name) for n, name in enumerate("甲乙")]
    salts = [
        {a["saltValue"] for path in written for a in protections(path).values() if "saltValue" in a}
        for written in (
            issue(FORM, tmp_path / str(n), addressed, folder=True, password="x") for n in range(2)
        )
    ]
    assert [len(each) for each in salts] == [1, 1]
    assert salts[0] != salts[1]


def test_only_permissions_that_have_an_effect_are_given(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(build_template(FORM, tmp_path / "f.xlsx"))
    for sheet in book:
        assert sheet.protection.sort
        assert sheet.protection.autoFilter == (sheet.auto_filter.ref is None)
        assert sheet.protection.formatRows == (sheet.sheet_state != "visible")


@pytest.mark.parametrize("password", PASSWORDS)
def test_libreoffice_refuses_the_wrong_password_and_takes_the_right_one(
    password: str, office: Office, tmp_path: Path
) -> None:
    path = build_template(FORM, tmp_path / "f.xlsx", password=password)
    with office.open(path) as book:
        for sheet in openpyxl.load_workbook(path).sheetnames[:4]:
            with pytest.raises(OfficeError, match="IllegalArgument"):
                office.tamper(book, sheet, "unprotect", f"{password}?")
            office.tamper(book, sheet, "unprotect", password)
