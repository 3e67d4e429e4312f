"""How to ask about a video, and how to read the answer; one file for each task."""
