"""Webhooks, whoever sends them: how a delivery is read, and what it may mean."""
