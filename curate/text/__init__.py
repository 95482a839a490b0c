"""Text as the matchers see it: tokens, hashes and keys, in plain Python and compiled."""
