-- The views that every audit has, over its own tables alone; each step adds its own. Their comments are at the end.

-- Wilson's score interval of a share at 95 % (Wilson 1927).
CREATE OR REPLACE MACRO wilson(found, n) AS {
    'low': greatest(0, (found / n + 1.920729 / n
        - 1.959964 * sqrt(greatest(0, found / n * (1 - found / n)) / n + 0.960365 / (n * n))) / (1 + 3.841459 / n)),
    'high': least(1, (found / n + 1.920729 / n
        + 1.959964 * sqrt(greatest(0, found / n * (1 - found / n)) / n + 0.960365 / (n * n))) / (1 + 3.841459 / n))
};

CREATE OR REPLACE VIEW exits AS
WITH ended AS (
    -- The last decision that names the fate; a row can have been looked at by later steps, but left at this one.
    SELECT d.doc_id, arg_max(d.step, d.rowid) AS step
    FROM decisions AS d JOIN documents AS o ON o.id = d.doc_id AND o.fate = d.action
    WHERE o.fate <> 'kept'
    GROUP BY d.doc_id
)
SELECT o.id AS doc_id, o.source, o.fate,
    coalesce(e.step, CASE o.fate WHEN 'quarantined' THEN 'validate' WHEN 'not-sampled' THEN 'sample' ELSE 'unknown' END)
    AS step
FROM documents AS o LEFT JOIN ended AS e ON e.doc_id = o.id
WHERE o.fate <> 'kept';

CREATE OR REPLACE VIEW funnel AS
WITH listed AS (
    SELECT unnest(from_json(value, '["VARCHAR"]')) AS step, generate_subscripts(from_json(value, '["VARCHAR"]'), 1) AS nth
    FROM runs WHERE key = 'steps'
), built AS (
    -- What every build does is there even where nobody wrote the steps down.
    SELECT step, nth::DOUBLE AS nth FROM listed
    UNION ALL SELECT step, nth FROM (VALUES ('read', -1.0), ('validate', 0.0), ('sample', 1e6), ('write', 1e6 + 1))
        AS frame(step, nth) WHERE step NOT IN (SELECT step FROM listed)
), named AS (
    SELECT step, nth FROM built
    UNION ALL
    -- A part of a step (several filters) comes behind it; a step that is not listed, before sampling.
    SELECT DISTINCT e.step, coalesce(b.nth + 0.5, (SELECT nth FROM built WHERE step = 'sample') - 0.5)
    FROM exits AS e LEFT JOIN built AS b ON b.step = regexp_extract(e.step, '^[^.:]+')
    WHERE e.step NOT IN (SELECT step FROM built)
), steps AS (
    SELECT step, row_number() OVER (ORDER BY nth, step) AS position FROM named
), dropped AS (
    SELECT source, step, count(*) AS n FROM exits GROUP BY source, step
), read AS (
    SELECT source, count(*) AS n, sum(copies)::BIGINT AS copies FROM documents GROUP BY source
), walked AS (
    SELECT s.name AS source, t.position, t.step, coalesce(r.n, 0) AS n, coalesce(r.copies, 0) AS copies,
        coalesce(d.n, 0) AS dropped,
        coalesce(sum(d.n) OVER (PARTITION BY s.name ORDER BY t.position), 0)::BIGINT AS gone
    FROM sources AS s CROSS JOIN steps AS t
    LEFT JOIN read AS r ON r.source = s.name
    LEFT JOIN dropped AS d ON d.source = s.name AND d.step = t.step
)
SELECT source, position, step, n - gone + dropped AS rows_in, dropped,
    CASE step WHEN 'write' THEN copies ELSE n - gone END AS rows_out
FROM walked
ORDER BY source, position;

CREATE OR REPLACE VIEW licences AS
SELECT
    coalesce(licence, 'not stated') AS licence,
    list(name ORDER BY name) AS sources,
    sum(rows_read)::BIGINT AS rows_read,
    sum(rows_kept)::BIGINT AS rows_kept,
    sum(rows_written)::BIGINT AS rows_written
FROM sources GROUP BY ALL ORDER BY rows_written DESC, licence;

COMMENT ON VIEW exits IS 'One row a document that is not kept: the step at which it left.';
COMMENT ON COLUMN exits.doc_id IS 'Id of the document.';
COMMENT ON COLUMN exits.source IS 'Name of the source.';
COMMENT ON COLUMN exits.fate IS 'removed, duplicate, quarantined or not-sampled.';
COMMENT ON COLUMN exits.step IS 'Step of the last decision that names the fate.';

COMMENT ON VIEW funnel IS 'Rows that enter and leave every step, for each source.';
COMMENT ON COLUMN funnel.source IS 'Name of the source.';
COMMENT ON COLUMN funnel.position IS 'Order of the step, from 1: that of runs.steps.';
COMMENT ON COLUMN funnel.step IS 'Name of the step.';
COMMENT ON COLUMN funnel.rows_in IS 'Rows that reached the step.';
COMMENT ON COLUMN funnel.dropped IS 'Rows that left at it.';
COMMENT ON COLUMN funnel.rows_out IS 'Rows that went on: rows_in - dropped; at step write, the rows written, repeats included.';

COMMENT ON VIEW licences IS 'Rows under each licence.';
COMMENT ON COLUMN licences.licence IS 'Licence as the recipe states it, or: not stated.';
COMMENT ON COLUMN licences.sources IS 'Names of the sources under it.';
COMMENT ON COLUMN licences.rows_read IS 'Rows read from them.';
COMMENT ON COLUMN licences.rows_kept IS 'Distinct rows of them that reached the output.';
COMMENT ON COLUMN licences.rows_written IS 'Rows of them in data/, repeats and validation included.';
