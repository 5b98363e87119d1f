"""What a change of a protein's sequence does to its phosphosites, near and far."""
