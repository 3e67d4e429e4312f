"""Decoding: a causal language model of transformers and its inputs to text, free or held to a grammar. Knows no family.

decode   generate() and what came out
grammar  which texts an answer may be: a regular expression or a JSON schema
"""
