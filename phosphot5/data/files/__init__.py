"""File formats: text and gzip, FASTA, GFF3, Parquet, tables."""
