"""Answers as files: JSON, subtitles, chapters, tables and a page to look at."""
