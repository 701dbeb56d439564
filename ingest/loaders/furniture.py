"""Headers and footers: of their lines what is the same on each page."""

PAGE_NUMBER = "\x01"
"""Stands for the number of the page or their count, which is another on each page."""


def without_page_numbers(text: str) -> str:
    """`text` without the parts of its lines, between tabs, that number the page.

    >>> without_page_numbers("Contract 17\\tPage \\x01 of \\x01")
    'Contract 17'
    """
    if PAGE_NUMBER not in text:
        return text
    return "\n".join(
        "\t".join(part for part in line.split("\t") if PAGE_NUMBER not in part)
        for line in text.split("\n")
    )
