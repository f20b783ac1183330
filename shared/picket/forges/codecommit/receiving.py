"""CodeCommit's events, posted by Amazon SNS.

SNS signs with a key of Amazon's, whoever's topic it is, and anybody may subscribe any URL to a topic of theirs. So the
URL's token is what a stranger must know, and the first topic that is confirmed is pinned to the webhook: of any other
nothing is taken. Raw message delivery leaves out the signature, and is refused.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from picket.forges.codecommit import signature
from picket.forges.codecommit.payloads import parse
from picket.webhooks.receiving import Certified, Payload, Receiving
from picket.webhooks.signatures import named


def is_signed(_headers: Mapping[str, str], _body: bytes, _secrets: Iterable[str], _clock: float = 0) -> bool:
    """Return False: SNS knows no secret of ours, and without its certificate nothing is proven."""
    return False


def _named(_headers: Mapping[str, str], payload: Payload) -> tuple[str, str]:
    return named(payload.get("MessageId"), payload.get("Type"), payload)


RECEIVING = Receiving(
    is_signed=is_signed,
    named=_named,
    interpret=parse,
    media_types=frozenset({"text/plain"}),
    busy=503,
    certified=Certified(
        certificate_url=signature.certificate_url,
        is_signed=signature.is_signed,
        speaker=signature.speaker,
        confirmation_url=signature.confirmation_url,
    ),
)
