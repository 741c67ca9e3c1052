"""The HTTP face: parse, authorise, call, render. One router for each domain; no rule and no SQL here."""
