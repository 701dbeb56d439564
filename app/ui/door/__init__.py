"""Who may come in: one door before everything that the browser's server answers."""
