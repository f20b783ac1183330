"""Errors, told apart by what the broker should do next.

PicketError
├── PermanentError     redelivery cannot help: keep it as a rejection, answer 2xx
│   ├── Malformed      the input does not have the shape it must have
│   ├── Unsupported    well-formed, but nothing here handles it
│   └── Gone           what it names is not there any more (or never was)
└── TransientError     try again later: 503, and the broker redelivers
    └── Busy           somebody else holds the lease just now

No message may hold a secret, nor input that could be one.
"""


class PicketError(Exception):
    """Anything Picket raises on purpose."""


class PermanentError(PicketError):
    """Redelivering the event cannot help."""


class Malformed(PermanentError):
    """The input does not have the shape it must have."""


class Unsupported(PermanentError):
    """The input is well-formed, but nothing handles it."""


class Gone(PermanentError):
    """What the input names does not exist."""


class TransientError(PicketError):
    """A later attempt may succeed."""


class Busy(TransientError):
    """Another instance holds the lease on this work."""
