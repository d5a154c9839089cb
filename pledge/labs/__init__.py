"""Labs, their mail domains and headcounts."""
