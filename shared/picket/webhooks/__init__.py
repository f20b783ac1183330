"""Webhooks of every sender: how a delivery is read, and what it may mean."""
