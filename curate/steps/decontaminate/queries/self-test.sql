-- How many changed copies of the benchmark items do the build's own settings find? (Empty unless it was measured.)
SELECT matcher, mutation, benchmark, planted, found, noticed, round(100 * recall, 1) AS percent,
    round(100 * low, 1) AS low, round(100 * high, 1) AS high
FROM selftest
ORDER BY benchmark NULLS FIRST, matcher <> 'all', matcher, rowid;
