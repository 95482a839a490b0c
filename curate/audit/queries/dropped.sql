-- How many rows were dropped, at which step and why?
SELECT e.source, e.step, e.fate, coalesce(d.reason, 'no reason on record') AS reason, count(*) AS rows, min(e.doc_id) AS example
FROM exits AS e
LEFT JOIN (
    SELECT doc_id, action, step, arg_max(reason, rowid) AS reason FROM decisions GROUP BY doc_id, action, step
) AS d ON d.doc_id = e.doc_id AND d.action = e.fate AND d.step = e.step
GROUP BY ALL
ORDER BY rows DESC, e.source, e.step, reason;
