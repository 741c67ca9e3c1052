"""The words every room shares: ids, clock, money, canonical bytes, errors, pages."""
