"""A file that takes longer to read than anybody waits."""

from pathlib import Path


def endless_pdf(path: Path) -> Path:
    """A PDF of 3 KB whose drawing calls itself ten times on each of nine levels."""
    fonts = b"/Font << /T 5 0 R >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources "
        b"<< /XObject << /F 6 0 R >> %s >> >>" % fonts,
        b"<< /Length 5 >>\nstream\n/F Do\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for level in range(9):
        inner = b"" if level == 8 else b"/XObject << /F %d 0 R >>" % (level + 7)
        body = b"BT /T 9 Tf 10 10 Td (x) Tj ET" if level == 8 else b"/F Do " * 10
        objects.append(
            b"<< /Length %d /Type /XObject /Subtype /Form /BBox [0 0 200 200] /Resources "
            b"<< %s %s >> >>\nstream\n%s\nendstream" % (len(body), fonts, inner, body)
        )
    data = b"%PDF-1.7\n"
    for number, body in enumerate(objects, 1):
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    path.write_bytes(data + b"trailer\n<< /Root 1 0 R >>\n")  # readers rebuild the missing table
    return path
