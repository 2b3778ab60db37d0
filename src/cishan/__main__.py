"""Lets `python -m cishan` be the command line."""

from cishan.cli import main

if __name__ == "__main__":
    main()
