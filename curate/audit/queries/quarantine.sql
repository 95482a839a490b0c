-- Why were rows quarantined, and in which files?
SELECT o.source, o.file, d.reason, count(*) AS rows, min(o.row) AS first_row
FROM documents AS o
LEFT JOIN decisions AS d ON d.doc_id = o.id AND d.action = o.fate
WHERE o.fate = 'quarantined'
GROUP BY ALL
ORDER BY rows DESC, o.source, o.file, d.reason;
