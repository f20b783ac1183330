"""Finding leaked credentials in bytes: rules, engine, evidence, redaction."""
