"""Types of one prompt each that ask for CSV data."""

from __future__ import annotations

import csv
import re

from curate.verify.constraints.registry import IFBENCH, constraint

_CITIES = ["ID", "Country", "City", "Year", "Count"]
_PRODUCTS = ["ProductID", "Category", "Brand", "Price", "Stock"]
_STUDENTS = ["StudentID", "Subject", "Grade", "Semester", "Score"]
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_FIELDS = re.compile(r'[ ]*"(?:[^"]|"")*"[ ]*(?:\t[ ]*"(?:[^"]|"")*"[ ]*)*')


def _table(answer: str, header: list[str], rows: int, delimiter: str) -> bool:
    """Whether the answer is a table with this header, so many rows, and as many fields in each."""
    lines = answer.strip().splitlines()
    found = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    if len(found) != rows + 1 or [field.strip() for field in found[0]] != header:
        return False
    return all(len(row) == len(header) for row in found)


@constraint("custom:csv_city", IFBENCH)
def cities(answer: str) -> bool:
    """The answer is CSV with the header ID, Country, City, Year, Count and seven rows."""
    return _table(answer, _CITIES, 7, ",")


@constraint("custom:csv_special_character", IFBENCH)
def products(answer: str) -> bool:
    """The answer is CSV with the header ProductID, Category, Brand, Price, Stock and fourteen rows;
    a field in double quotes holds a special character.
    """
    _, _, rows = answer.strip().partition("\n")
    special = any(re.search(r"[^\w\s]", found[1]) for found in _QUOTED.finditer(rows))
    return special and _table(answer, _PRODUCTS, 14, ",")


@constraint("custom:csv_quotes", IFBENCH)
def students(answer: str) -> bool:
    """The answer is CSV with tabs, the header StudentID, Subject, Grade, Semester, Score and three
    rows; every field is in double quotes.
    """
    quoted = all(_FIELDS.fullmatch(line) for line in answer.strip().splitlines())
    return quoted and _table(answer, _STUDENTS, 3, "\t")
