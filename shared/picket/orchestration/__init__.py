"""The life of a scan across functions: enumeration, completion, schedules, and the sweep of what was left."""
