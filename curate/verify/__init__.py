"""Answer checkers: the same functions judge rollouts in training, candidates in rejection sampling and evaluations."""
