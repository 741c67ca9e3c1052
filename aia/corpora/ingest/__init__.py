"""From what people hand in (files, services, uploads) to a kept corpus; what grew is read where it grew."""

from aia.corpora.ingest.service import Ingestion

__all__ = ["Ingestion"]
