"""From which confidence on a finding is shown to people: the same on this machine and by the API."""

MIN_CONFIDENCE = 0.5
"""Of those below, most are no credentials; they are kept, and shown on request."""
