"""The audit: the whole ledger derived again from its journal, and what outsiders need to do the same."""

from aia.tokens.audit.export import Export, export_ledger
from aia.tokens.audit.service import LogBroken, NotInLog, TransferLog
from aia.tokens.audit.verify import Audit, audit

__all__ = ["Audit", "Export", "LogBroken", "NotInLog", "TransferLog", "audit", "export_ledger"]
