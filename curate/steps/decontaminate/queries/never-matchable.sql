-- How many items of each benchmark can never be hit, because they are shorter than one n-gram?
SELECT benchmark, role, count(*) AS instances, count(*) FILTER (NOT matchable) AS never_matchable,
    round(100.0 * count(*) FILTER (NOT matchable) / count(*), 2) AS percent
FROM instances
GROUP BY benchmark, role
HAVING never_matchable > 0
ORDER BY percent DESC, benchmark;
