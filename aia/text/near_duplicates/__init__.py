"""Texts that nearly repeat another: repeats within a corpus, copies of a voice, floods of copies among statements."""
