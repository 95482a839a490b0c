-- One message for every figure that does not add up; no rows from a sound audit. See store.reconcile.
WITH fates AS (
    SELECT source, count(*) AS n, sum(copies)::BIGINT AS copies, count(*) FILTER (fate = 'kept') AS kept
    FROM documents GROUP BY source
), explained AS (
    SELECT DISTINCT doc_id, action FROM decisions
), doubtful AS (
    -- Rows 0 to n - 1, each once, have this sum and this sum of squares; counting every row apart costs thirty times as much.
    SELECT source FROM documents GROUP BY source
    HAVING min(row) <> 0 OR max(row) <> count(*) - 1
        OR sum(row::HUGEINT) <> count(*)::HUGEINT * (count(*) - 1) // 2
        OR sum(row::HUGEINT * row) <> count(*)::HUGEINT * (count(*) - 1) * (2 * count(*) - 1) // 6
)
SELECT printf('source %s: %d rows were read but the fates of its rows sum to %d', s.name, s.rows_read, coalesce(f.n, 0))
FROM sources AS s LEFT JOIN fates AS f ON f.source = s.name
WHERE s.rows_read <> coalesce(f.n, 0)
UNION ALL
SELECT printf('source %s: %d rows are said to be kept but %d rows have that fate', s.name, s.rows_kept, coalesce(f.kept, 0))
FROM sources AS s LEFT JOIN fates AS f ON f.source = s.name
WHERE s.rows_kept <> coalesce(f.kept, 0)
UNION ALL
SELECT printf('source %s: %d rows are said to be written but its copies sum to %d', s.name, s.rows_written, coalesce(f.copies, 0))
FROM sources AS s LEFT JOIN fates AS f ON f.source = s.name
WHERE s.rows_written <> coalesce(f.copies, 0)
UNION ALL
SELECT printf('%d documents belong to source %s, which is not among the sources', f.n, f.source)
FROM fates AS f WHERE f.source NOT IN (SELECT name FROM sources)
UNION ALL
SELECT printf('source %s is listed %d times', name, count(*)) FROM sources GROUP BY name HAVING count(*) > 1
UNION ALL
SELECT printf('source %s: row %d is recorded %d times', source, row, count(*))
FROM documents WHERE source IN (SELECT source FROM doubtful) GROUP BY source, row HAVING count(*) > 1
UNION ALL
SELECT printf('source %s: %d rows are kept without a copy', source, count(*))
FROM documents WHERE fate = 'kept' AND copies < 1 GROUP BY source
UNION ALL
SELECT printf('source %s: %d rows are %s but have copies', source, count(*), fate)
FROM documents WHERE fate <> 'kept' AND copies <> 0 GROUP BY source, fate
UNION ALL
SELECT printf('source %s: %d rows are %s but no decision says so (first: %s)', o.source, count(*), o.fate, min(o.id))
FROM documents AS o
WHERE o.fate IN ('removed', 'duplicate', 'quarantined')
    AND NOT EXISTS (SELECT 1 FROM explained AS e WHERE e.doc_id = o.id AND e.action = o.fate)
GROUP BY o.source, o.fate
LIMIT 20;
