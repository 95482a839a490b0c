-- Which items of each benchmark does no source hit? (What is left to evaluate on without a doubt.)
SELECT c.benchmark, c.instance_id, i.matchable, i.text
FROM clean_items AS c JOIN instances AS i USING (benchmark, instance_id)
ORDER BY c.benchmark, c.instance_id;
