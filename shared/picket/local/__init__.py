"""The one-machine stack: broker and activator over JetStream."""
