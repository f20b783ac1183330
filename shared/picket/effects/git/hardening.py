"""Git on hostile input: no hooks, no system or user config, no prompts, a closed list of transports."""

from __future__ import annotations

import os

ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oStrictHostKeyChecking=yes",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    # A repository's own configuration may name programs as transports for objects that it lacks. Fetches say what they
    # allow; nothing else may connect anywhere, whatever `protocol.*.allow` says there.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_GRAFT_FILE": "/dev/null/none",  # git warns of a file that is there, even if it is empty
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C",
}
_HARDENED = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.alternateRefsCommand": "true",
    "diff.orderFile": "/dev/null",
    "log.showSignature": "false",
    "i18n.logOutputEncoding": "utf-8",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "http.followRedirects": "false",
    "protocol.allow": "never",
}


def child_environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a git process: this one's, hardened."""
    return {**os.environ, **ENVIRONMENT, **(more or {})}


def options(config: dict[str, str] | None = None) -> list[str]:
    """Return `-c name=value` options: the hardening, then *config*."""
    return [part for name, value in {**_HARDENED, **(config or {})}.items() for part in ("-c", f"{name}={value}")]
