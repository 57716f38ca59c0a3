"""The three algorithms once more, made fast: the same functions and results.

`hwlib.backprop`, `hwlib.kmeans` and `hwlib.binary_em` are written to be read. Their twins here are
written for photographs, many starts and many examples; tests hold each equal to its twin.
"""
