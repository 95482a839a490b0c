-- Which items of each benchmark does no source hit? (What is left to evaluate on without a doubt.)
SELECT i.benchmark, i.instance_id, i.matchable, i.text
FROM instances AS i
WHERE NOT EXISTS (SELECT 1 FROM matches AS m WHERE m.hit AND m.instance_id = i.instance_id)
ORDER BY i.benchmark, i.instance_id;
