"""Stored chats, apart from the documents."""
