"""What operators see of the functions at work: logs, traces and metrics.

Call these without asking what is on; what is off costs next to nothing.
"""

from picket.effects.telemetry.context import about
from picket.effects.telemetry.handling import handling
from picket.effects.telemetry.logs import note
from picket.effects.telemetry.metrics import count, gauge, is_on, observe
from picket.effects.telemetry.traces import span, traceparent

__all__ = ["about", "count", "gauge", "handling", "is_on", "note", "observe", "span", "traceparent"]
