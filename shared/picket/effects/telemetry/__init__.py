"""What operators see of the functions at work."""

from picket.effects.telemetry.logs import note

__all__ = ["note"]
