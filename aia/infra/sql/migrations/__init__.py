"""Alembic revisions; hand-written, one file for each, numbered."""
