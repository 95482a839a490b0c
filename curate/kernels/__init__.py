"""Every function that is compiled, and nothing else: an edit anywhere else compiles nothing again."""
