"""The transparency log with its I/O: pending entries, the sequencer, the published checkpoint, tiles over HTTP."""
