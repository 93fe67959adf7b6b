"""The workbook reader agrees with openpyxl, which cannot read hostile files but knows every cell type."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from kb_index.formats.workbook import open_workbook

SHEET = "xl/worksheets/sheet1.xml"
OTHER_CELLS = (  # that openpyxl reads but does not write
    '<row r="40"><c r="A40" t="inlineStr"><is><r><t>in</t></r>'
    '<r><t xml:space="preserve"> line</t></r></is></c>'
    '<c r="B40" t="str"><f>A1&amp;"x"</f><v>cached</v></c><c r="C40"><f>1+1</f><v>2</v></c>'
    '<c r="D40" t="b"><f>TRUE()</f><v>1</v></c><c r="E40" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    '<c r="F40"><v>1.5E-3</v></c><c r="G40"><v>-0.0</v></c><c r="H40" t="n"><v>1E+20</v></c></row>'
)


def fill(sheet: Worksheet) -> None:
    sheet.append(["text", "_x000D_", "a\nb", " spaces ", "=1+1", 7, -2.5, 1e-7, 10**15, True, False, "#N/A"])
    sheet.append([])
    sheet.append(["после пустой", None, "x_x0041_", "😀", "a & <b>", "'", "100%"])
    moments = [date(2026, 1, 31), datetime(2026, 1, 31, 23, 59, 59), time(9, 30), timedelta(hours=30)]  # noqa: DTZ001
    sheet.append([*moments, datetime(1904, 1, 2), datetime(2000, 2, 29, 12)])  # noqa: DTZ001
    sheet.append([0.25, 45678, 0.5, 12.75, 3])
    formats = ["0.00%", "dd.mm.yyyy", "hh:mm", "[h]:mm:ss", '0" days"']
    for column, number_format in enumerate(formats, start=1):
        sheet.cell(row=5, column=column).number_format = number_format
    sheet.cell(row=7, column=1).value = CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"), " end")
    for column in (26, 27, 52, 702, 703):
        sheet.cell(row=9, column=column, value=f"column {column}")
    sheet.append(["merged", None, "beside"])
    sheet.merge_cells("A10:B10")
    sheet.append(["hidden"])
    sheet.row_dimensions[11].hidden = True


@pytest.mark.parametrize("is_1904", [False, True])
def test_every_kind_of_cell_has_the_value_that_openpyxl_reads(tmp_path: Path, is_1904: bool) -> None:
    book = openpyxl.Workbook()
    if is_1904:
        book.epoch = CALENDAR_MAC_1904
    assert isinstance(book.active, Worksheet)
    fill(book.active)
    book.create_sheet("second")["A1"] = "not read"
    plain, path = tmp_path / "plain.xlsx", tmp_path / "a.xlsx"
    book.save(plain)
    with ZipFile(plain) as source, ZipFile(path, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == SHEET:
                content = content.replace(b"</sheetData>", OTHER_CELLS.encode() + b"</sheetData>")
            target.writestr(name, content)

    sheet = openpyxl.load_workbook(path, data_only=True).worksheets[0]
    expected = {
        # openpyxl leaves it to its user to take the escapes out of texts
        (cell.row, cell.column): unescape(cell.value) if isinstance(cell.value, str) else cell.value
        for row in sheet
        for cell in row
        if cell.value not in (None, "")
    }
    with open_workbook(path) as workbook:
        found = {(row.number, cell.column): cell.value for row in workbook.rows() for cell in row.cells}
    assert {place: (type(value), value) for place, value in found.items()} == {
        place: (type(value), value) for place, value in expected.items()
    }
    assert len(found) == 45
