"""File formats and exports that are read as corpora; each registers as an `aia.sources` plugin."""
