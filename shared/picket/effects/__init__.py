"""One module per outside system: broker, store, git, artifacts; and what several of them do together."""
