"""Which kinase phosphorylates a site: families of kinases, and tables of sites with their kinases."""

from phosphot5.data.kinases.families import Family, known_families
from phosphot5.data.kinases.table import KinaseSites, read_kinase_table

__all__ = ["Family", "KinaseSites", "known_families", "read_kinase_table"]
