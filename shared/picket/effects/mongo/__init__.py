"""The store, one module per collection: MongoDB through pymongo.

Everything is looked up by a deterministic string `_id` or one single-field index, every write is an idempotent upsert
or a compare-and-set, and times are RFC 3339 text: that is what all stores speaking the protocol do alike.
The one-machine store is stricter still: a truth value that is set comes back as 0 or 1, a mapping that is pushed to a
list as text, and beside an `$or` it forgets the rest of the filter.
"""
