-- Which sources hit a benchmark at all, how many benchmarks, and which one the most?
SELECT source, count(*) AS benchmarks, count(*) FILTER (flagged) AS flagged, sum(overlapped)::BIGINT AS overlapped,
    arg_max(benchmark, rate) AS most, round(100 * max(rate), 2) AS percent
FROM contamination
WHERE overlapped > 0
GROUP BY source
ORDER BY percent DESC, source;
