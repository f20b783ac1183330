"""Ask providers whether leaked credentials still work."""

from picket.events import VerificationRequested
from picket.orchestration import verifying
from picket.runtime import consumes


@consumes(VerificationRequested)
def main(event: VerificationRequested) -> None:
    """Ask the provider of one finding's secret, or have it revoked."""
    verifying.carry_out(event)
