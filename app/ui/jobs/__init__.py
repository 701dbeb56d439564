"""Work that goes on while pages are drawn anew; none of it draws."""
