"""What stands in a text: words, sentences, clauses, statements, vectors, near duplicates, personal data, language."""
