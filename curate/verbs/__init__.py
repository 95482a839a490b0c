"""Verbs of the command line, one thin function each; `curate.cli` names them all."""
