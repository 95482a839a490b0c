"""Makers: what is asked of language models, and how answers become rows of a source. `curate.makers`
lists them by name."""
