"""What every table we hand out keeps to: no text of it becomes a formula, a link or a number by itself (scenario X2)."""

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet might take for the start of a formula, full-width forms included."""

WORKBOOK_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
"""For xlsxwriter: a string stays a string."""

MONEY_FORMAT = {"num_format": "#,##0.00"}


def plain_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula, not even once it was saved as CSV and opened again."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
