"""One module per outside system: broker, mongo, git, artifacts, forge."""
