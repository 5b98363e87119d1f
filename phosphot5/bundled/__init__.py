"""The model that comes with the package: weights, configuration, tokenizer and run record."""
