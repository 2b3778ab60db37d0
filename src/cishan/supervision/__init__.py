"""What is late and whose; concerns that someone must close: reports of a page, doubts about a list."""
