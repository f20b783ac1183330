"""The store, one module per collection: MongoDB through pymongo.

Everything is looked up by a deterministic string `_id` or one single-field index, every write is an idempotent upsert
or a compare-and-set, and times are RFC 3339 text: that is what all stores speaking the protocol do alike.
"""
