"""From a prompt to text: language model runtimes and constrained decoding."""
