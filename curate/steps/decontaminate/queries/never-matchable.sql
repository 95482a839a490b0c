-- How many items of each benchmark can never be hit, or only as a line or turn of their own, and why?
WITH every AS (
    -- An audit from before items had reasons has no such column: then the outer one is meant.
    SELECT i.* FROM (SELECT NULL::VARCHAR AS undecided) AS missing, LATERAL (
        SELECT benchmark, role, matchable, undecided FROM instances
    ) AS i
), sizes AS (SELECT benchmark, count(*) AS size FROM every GROUP BY benchmark)
SELECT benchmark, role, coalesce(undecided, 'shorter than one n-gram') AS why, count(*) AS instances,
    count(*) FILTER (NOT matchable) AS never_matchable, round(100.0 * count(*) / any_value(size), 2) AS percent
FROM every JOIN sizes USING (benchmark)
WHERE NOT matchable OR undecided IS NOT NULL
GROUP BY benchmark, role, why
ORDER BY percent DESC, benchmark, why;
