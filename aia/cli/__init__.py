"""The command line: parse, call, print. `aia --help` loads no command and no engine."""
