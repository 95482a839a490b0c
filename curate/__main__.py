"""The command line for those who write `python -m curate`."""

from __future__ import annotations

from curate.cli import main

if __name__ == "__main__":
    main()
