"""Documents that a test knows to be there."""

from typing import TypeVar

T = TypeVar("T")


def there(document: T | None) -> T:
    """Return a document that was found."""
    assert document is not None
    return document
