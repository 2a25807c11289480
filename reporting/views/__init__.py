"""Pages that need several apps, and the files made of lists."""
