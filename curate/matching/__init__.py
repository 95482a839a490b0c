"""Finds texts in texts, exactly and completely: the matchers, and the indexes of items that they
look in.

`index` and `ngram` are the matcher of n-grams; `robust` with `seek` and `align` finds edited
copies; `exact`, `minhash` and `semantic` with `embed` are the others, and share `pairs`. `profile`
says which of them run, with every number, and `matchers` puts all of a profile behind one call."""
