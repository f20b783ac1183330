"""Rules that react to findings and events."""
