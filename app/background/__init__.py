"""Files being taken in while those who gave them do something else: a page, or a client."""
