"""playhead: video-language models that know when."""

__version__ = "0.1.0.dev0"
