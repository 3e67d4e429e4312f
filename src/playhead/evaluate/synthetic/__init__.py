"""A temporal benchmark drawn by code: clips whose every event begins and ends at a known picture or sample.

script     what happens in a clip and when, as plain data
levels     from one event by itself to many at once, short ones and near-duplicates
timing     constant and variable rates, late starts, edit lists: which pictures there are and when
plan       a seed, a level and a timing into a script
palette  forms  pictures    how it looks
sounds  voice               how it sounds
statements  questions       what is true of it, and what is asked
make       files, atomically, going on where a run stopped
"""
