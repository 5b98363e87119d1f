"""What a run was: the machine and the code, fingerprints of its files, the run record with its facts."""
