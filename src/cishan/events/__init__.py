"""What happened, to what, by whom and when: append-only, numbered without gaps within each subject."""
