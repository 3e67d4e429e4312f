"""From a file to pictures and sound with their presentation times."""
