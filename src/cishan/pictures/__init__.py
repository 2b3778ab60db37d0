"""Uploaded pictures: re-encoded in a bounded child process, without metadata, never public until cleared by a person."""
