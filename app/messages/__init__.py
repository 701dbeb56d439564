"""Every sentence for users, in both languages."""
