-- How many rows would go at other thresholds of each matcher, the others as they are? (At least, where complete is false.)
SELECT matcher, threshold, sum(rows)::BIGINT AS rows, bool_and(complete) AS complete
FROM sensitivity
WHERE round(100 * threshold)::INT % 5 = 0
GROUP BY matcher, threshold
ORDER BY matcher, threshold;
