"""Blocks with no opinion about any family: fusion, rotary positions, pooling.

fuse  put vectors where a layout says they belong
axis_rotary  rotary positions with several axes
interpolate  tables of positions at another resolution
partial_rotary  rotary positions on the first part of every head
chunked_attention  attention over a memory too long for a table of scores
"""
