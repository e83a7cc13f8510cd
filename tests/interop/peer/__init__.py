"""A second implementation of docs/protocol.md, written from that document alone."""
