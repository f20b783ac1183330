"""The security score: model, items, history."""
