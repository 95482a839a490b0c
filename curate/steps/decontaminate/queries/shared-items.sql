-- Which benchmark items are hit by more than one source?
SELECT benchmark, instance_id, count(DISTINCT source) AS sources, count(DISTINCT doc_id) AS documents,
    string_agg(DISTINCT source, ', ' ORDER BY source) AS names, max(score) AS score
FROM matches
WHERE counts
GROUP BY benchmark, instance_id
HAVING sources > 1
ORDER BY sources DESC, documents DESC, instance_id;
