-- What did each matcher find, by label: pairs, hits, and hits that count?
SELECT matcher, coalesce(label, 'none') AS label, count(*) AS pairs, count(*) FILTER (hit) AS hits,
    count(*) FILTER (counts) AS counted, count(DISTINCT instance_id) FILTER (counts) AS items
FROM matches
GROUP BY ALL
ORDER BY matcher, label;
