"""Better answers from any engine by looking again: mechanisms around the one call every engine has.

settings     what is wanted, in one frozen record
refined      the mechanisms put around an engine, itself an engine
zoom         answer, look closer around what was found, answer again
coarse       a long video: first thinly as a whole, then closely where something was seen
chunks       a long video described part by part
votes        several looks, each a little shifted, and what they agree on
choose       pictures by how well they fit the query; scorer gives the scores
snap         boundaries moved onto cuts and onto where speech begins and ends
sureness     how sure an answer is, and nothing where that is too little; calibration is the scale, and how it is measured
steps        what was looked at, put into the answer
mechanisms   what each mechanism needs of an engine
around       what all mechanisms have in common
length       how long a video is, and how much of one an engine sees well

Every mechanism takes an engine and is one, so they combine in any order; :mod:`playhead.refine.refined` has the order
that makes sense.
"""
