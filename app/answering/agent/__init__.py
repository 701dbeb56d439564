"""An agent: a capable model that looks things up by itself, within limits, and is checked like any
other: what it may call reads and never writes, and what it says last is an answer as all others."""
