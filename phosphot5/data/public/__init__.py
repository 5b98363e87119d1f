"""Public sets of phosphosites: fetched at the commits that the model card names, and made into training files."""
