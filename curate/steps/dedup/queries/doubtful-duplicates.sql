-- Which removed duplicates are the least similar to the row that stays? (Look at these first.)
SELECT round(d.jaccard, 3) AS jaccard, d.kind, d.doc_id, d.kept_id, a.text, b.text AS kept_text
FROM duplicates AS d
LEFT JOIN duplicate_texts AS a ON a.doc_id = d.doc_id
LEFT JOIN duplicate_texts AS b ON b.doc_id = d.kept_id
WHERE d.dropped AND d.kind <> 'exact'
ORDER BY d.jaccard, d.doc_id
LIMIT 50;
