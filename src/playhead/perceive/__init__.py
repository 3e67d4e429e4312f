"""Small pretrained senses, each of which writes one lane of timed evidence."""
