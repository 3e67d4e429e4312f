"""A clock test: clips whose every picture says its number, and whether those who read them tell its time right.

code          a picture that says a number, and the number it says
clips         the clips, drawn with their truth
subject       what is asked of anything that is tested, and what it gives back
engines       an end-to-end engine of playhead as a subject
loading       plain loading by transformers as a subject
check         how wrong what was given is, in seconds, and the whole test by name
"""
