"""Finds benchmark items in training data, exactly and completely, and says what should go.

`index` holds the n-grams of the items, `ngram` matches records against them, `profile` names the settings of the rule,
`policy` decides which rows go, and `in_memory` puts them together for a data set at hand (`curate.decontaminate`).
"""
