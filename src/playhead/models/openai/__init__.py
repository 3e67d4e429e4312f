"""Any OpenAI-compatible chat endpoint as an engine: pictures with their true times in words, and the tasks.

``config`` its settings; ``look`` what is sent of a video; ``endpoint`` the HTTP; ``engine`` the tasks.
"""
