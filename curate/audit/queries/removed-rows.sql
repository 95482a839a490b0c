-- Which rows did a step remove, each with its reason?
SELECT o.id, o.file, d.step, d.reason, d.detail
FROM documents AS o
JOIN decisions AS d ON d.doc_id = o.id AND d.action = o.fate
WHERE o.fate = 'removed'
ORDER BY o.source, o.row;
