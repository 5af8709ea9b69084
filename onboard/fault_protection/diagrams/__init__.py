"""Drawings and reference pages of a vehicle's fault table, for people. Ground tools.

Each module draws one thing as SVG: `mode_graph`, `fault_tree`, `response_timeline`, `matrix`.
`reference` writes the pages around them, `wording` says the table in words, `svg` is the paper.
"""
