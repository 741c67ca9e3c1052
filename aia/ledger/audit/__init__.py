"""The audit: the whole ledger derived again from its journal (verify), what outsiders need for it (export), and
proofs and checkpoints of the log (service)."""
