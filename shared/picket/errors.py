"""Errors, told apart by what the broker should do next.

PicketError
├── PermanentError     redelivery cannot help: keep it as a rejection, answer 2xx
│   ├── Malformed      the input does not have the shape it must have
│   │   └── WrongMediaType   it is not in a content type that is read here
│   ├── TooLarge       it has more bytes than are read here
│   ├── Unauthorized   it does not prove who sent it
│   ├── Unsupported    well-formed, but nothing here handles it
│   ├── Gone           what it names is not there any more (or never was)
│   │   └── Forgotten  a person has forgotten it, and only a person can add it again
│   ├── Damaged        what it names is there, and parts of it are missing or corrupt
│   ├── Conflict       what is asked for cannot be done in the state that things are in
│   └── Exhausted      too many workers died over it
├── Misconfigured      a file or setting of this installation is wrong: 500, redelivered until somebody mends it
└── TransientError     try again later: 503, and the broker redelivers
    ├── Busy           somebody else holds the lease just now
    └── Newer          a newer revision wrote it, and must go on with it

No message may hold a secret, nor input that could be one.
"""


class PicketError(Exception):
    """Anything Picket raises on purpose."""


class PermanentError(PicketError):
    """Redelivering the event cannot help."""


class Malformed(PermanentError):
    """The input does not have the shape it must have."""


class WrongMediaType(Malformed):
    """The content type is not one that is read here."""


class TooLarge(PermanentError):
    """The input has more bytes than are read here."""


class Unauthorized(PermanentError):
    """The input does not prove that its sender may send it."""


class Unsupported(PermanentError):
    """The input is well-formed, but nothing handles it."""


class Gone(PermanentError):
    """What the input names does not exist."""


class Forgotten(Gone):
    """A person has forgotten what the input names; only a person can add it again."""


class Damaged(PermanentError):
    """What the input names exists, but parts of it are missing or corrupt."""


class Conflict(PermanentError):
    """What is asked for cannot be done in the state that things are in."""


class Exhausted(PermanentError):
    """So many workers died over the work that it is taken to be what kills them."""


class Misconfigured(PicketError):
    """A file or setting of this installation is wrong; the event is not to blame and must wait."""


class TransientError(PicketError):
    """A later attempt may succeed."""


class Busy(TransientError):
    """Another instance holds the lease on this work."""


class Newer(TransientError):
    """A newer revision wrote it: redelivery reaches one sooner or later."""
