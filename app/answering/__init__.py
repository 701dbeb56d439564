"""From passages to an answer whose every sentence is checked: prompts, replies, evidence, chats."""
