-- Which rows hold the same content as another row, within a source or across sources?
SELECT content_hash, count(*) AS rows, count(DISTINCT source) AS sources, list(id ORDER BY source, row)[1:5] AS first_ids,
    count(*) FILTER (fate = 'kept') AS kept
FROM documents
WHERE content_hash IS NOT NULL
GROUP BY content_hash
HAVING rows > 1
ORDER BY rows DESC, content_hash;
