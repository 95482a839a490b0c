-- What did `curate check` find, in how many rows, and which is the first of them?
SELECT finding, count(*) AS rows, min(doc_id) AS first_id, any_value(detail ORDER BY doc_id, detail) AS first_detail
FROM findings
GROUP BY finding
ORDER BY rows DESC, finding;
