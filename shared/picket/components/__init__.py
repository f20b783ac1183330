"""What a repository or an image is made of: packages, named by package URL."""
