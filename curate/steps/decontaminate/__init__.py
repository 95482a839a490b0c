"""The step that takes benchmark items out of training data, and `curate.decontaminate` for a data set at hand."""
