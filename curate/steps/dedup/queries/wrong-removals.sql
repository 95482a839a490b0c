-- How often does dedup take two different rows for duplicates? (By the verdicts on a random sample.)
SELECT sampled, judged, wrong, round(100 * share, 1) AS percent, round(100 * low, 1) AS low, round(100 * high, 1) AS high
FROM wrong_removals;
