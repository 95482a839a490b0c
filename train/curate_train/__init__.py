"""Thin adapters on TRL: a built mixture in, a trained model out.

    curate train sft laptop-sft --data data/ -o runs/sft        # or: from curate_train import sft; sft.train(...)

`sft`, `dpo` and `rlvr` each hold a configuration, the kind of mixture they take and `train`; the
entry points of the group `curate.trainers` name them. Everything a step computes is TRL's: what is
ours prepares, watches and writes down. torch and what needs it are imported inside functions."""
