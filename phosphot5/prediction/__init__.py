"""Scores of proteins: models and runtimes, batches, known sites, output formats, the job of `phosphot5 predict`."""
