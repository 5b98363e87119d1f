"""Modified peptides: read from text in the notations of search engines, and placed on proteins."""
