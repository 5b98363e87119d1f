"""Homologs among proteins: MMseqs2 searches and clusters, splits, leakage between sets."""
