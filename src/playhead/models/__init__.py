"""Engines, one folder each, behind one protocol."""
