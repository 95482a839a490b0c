-- With which versions, parameters and timings was this built?
SELECT key, value
FROM runs
ORDER BY key;
