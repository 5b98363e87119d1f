"""How good scores are: metrics with intervals, comparison with peers, pictures. Imports no torch."""
