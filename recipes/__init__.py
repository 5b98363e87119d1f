"""Training recipes: one commented YAML file each."""
