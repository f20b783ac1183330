"""Picket: event-driven application security for every repository an organisation owns."""
