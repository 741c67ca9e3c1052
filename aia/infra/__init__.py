"""The ground: SQL, events, objects, the durable engine, telemetry. Knows no domain."""
