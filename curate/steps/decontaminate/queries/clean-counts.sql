-- How many items of each benchmark are hit by no source at all?
SELECT i.benchmark, i.role, count(*) AS instances, count(*) FILTER (h.instance_id IS NULL) AS clean,
    round(100.0 * count(*) FILTER (h.instance_id IS NULL) / count(*), 2) AS percent
FROM instances AS i
LEFT JOIN (SELECT DISTINCT instance_id FROM matches WHERE counts) AS h USING (instance_id)
GROUP BY i.benchmark, i.role
ORDER BY percent, i.benchmark;
