-- Which rows differ from another one only in their numbers or their answer?
SELECT round(d.jaccard, 3) AS jaccard, d.dropped, d.doc_id, d.kept_id, a.text, b.text AS kept_text
FROM duplicates AS d
LEFT JOIN duplicate_texts AS a ON a.doc_id = d.doc_id
LEFT JOIN duplicate_texts AS b ON b.doc_id = d.kept_id
WHERE d.kind = 'variant'
ORDER BY d.jaccard DESC, d.doc_id
LIMIT 200;
