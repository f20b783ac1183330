"""Who may reach whom in a cluster, by the manifests of a repository or the dump of a namespace.

Documents become objects, objects a cluster; policies are evaluated to flows, and flows to exposures. Nothing here reads
or runs anything but `gathering`, `rendering` and `__main__`, which are run as a tool of their own.
"""
