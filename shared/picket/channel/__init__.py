"""The Broker's channel: what its template asks for, and how a JetStream stream differs from it. Pure."""
