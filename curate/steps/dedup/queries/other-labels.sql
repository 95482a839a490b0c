-- Which rows went for a row with another ground truth or label? (One of the two may be wrong.)
SELECT d.doc_id, d.kept_id, d.kind, round(d.jaccard, 3) AS jaccard, a.label, b.label AS kept_label
FROM duplicates AS d
LEFT JOIN duplicate_labels AS a ON a.doc_id = d.doc_id
LEFT JOIN duplicate_labels AS b ON b.doc_id = d.kept_id
WHERE d.other_label
ORDER BY d.doc_id;
