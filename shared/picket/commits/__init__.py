"""Which commits a scan concerns and how they are cut into batches."""
