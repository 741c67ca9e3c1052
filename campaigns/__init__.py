"""Heavy campaigns, run by `make campaign-NAME`; a small seeded slice of each is in the test suite."""
