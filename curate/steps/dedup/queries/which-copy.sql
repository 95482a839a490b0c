-- Which row stays for each removed duplicate, and was it written in the end?
SELECT d.doc_id, d.kept_id, d.kind, round(d.jaccard, 3) AS jaccard, k.fate AS kept_fate, k.left_at
FROM duplicates AS d JOIN kept_rows AS k USING (kept_id)
WHERE d.dropped
ORDER BY d.doc_id;
