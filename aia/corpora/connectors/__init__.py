"""Services that are asked for documents, page by page, through the egress policy."""

from aia.corpora.connectors.model import Connector, ConnectorError, PageOf, Service

__all__ = ["Connector", "ConnectorError", "PageOf", "Service"]
