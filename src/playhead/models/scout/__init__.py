"""The default engine: small senses write a timed evidence timeline, a small language model composes from it."""
