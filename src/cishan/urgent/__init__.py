"""Urgent help (急难先行, 一事一议): a town decides within a day out of its reserve, pays first and completes the file afterwards."""
