-- How many rows were dropped, at which step and for what kind of reason?
WITH told AS (
    -- An audit of version 1 has no decisions.about: there the name is that of the outer null.
    SELECT t.* FROM (SELECT NULL::VARCHAR AS about) AS absent,
        LATERAL (SELECT doc_id, action, step, reason, about, d.rowid AS nth FROM decisions AS d) AS t
), last AS (
    SELECT doc_id, action, step, arg_max(coalesce(reason, ''), nth) AS reason,
        nullif(arg_max(coalesce(about, ''), nth), '') AS about
    FROM told GROUP BY doc_id, action, step
), gone AS (
    -- Reasons name items and positions: what they are about says their kind, or else the reason without its numbers.
    SELECT e.source, e.step, e.fate, o.row, e.doc_id, l.reason AS said,
        coalesce(l.about, regexp_replace(l.reason, '[0-9]+', '#', 'g'), CASE e.fate WHEN 'not-sampled' THEN 'not drawn' ELSE 'no reason on record' END) AS reason
    FROM exits AS e JOIN documents AS o ON o.id = e.doc_id
    LEFT JOIN last AS l ON l.doc_id = e.doc_id AND l.action = e.fate AND l.step = e.step
)
SELECT source, step, fate, reason, count(*) AS rows, arg_min(doc_id, row) AS example, arg_min(said, row) AS example_reason
FROM gone GROUP BY ALL ORDER BY rows DESC, source, step, reason;
