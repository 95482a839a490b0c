-- What can be asked of rows that a model wrote. Their comments are at the end.

CREATE OR REPLACE VIEW acceptance AS
WITH lost AS (
    SELECT d.source, x.step, coalesce(x.about, x.step) AS what, count(DISTINCT x.doc_id) AS n
    FROM decisions AS x JOIN documents AS d ON d.id = x.doc_id
    WHERE d.fate IN ('removed', 'duplicate') AND x.action IN ('removed', 'duplicate')
    GROUP BY ALL
), of_rows AS (
    SELECT source, count(*) AS tried, count(*) FILTER (fate = 'quarantined') AS nothing,
        count(*) FILTER (fate IN ('kept', 'not-sampled')) AS accepted
    FROM documents GROUP BY source
), of_answers AS (
    SELECT source, sum(requests)::BIGINT AS requests,
        CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost
    FROM make_answers GROUP BY source
), of_personas AS (
    SELECT r.source, count(DISTINCT r.persona) AS personas
    FROM make_rows AS r JOIN documents AS d ON d.id = r.doc_id
    WHERE d.fate IN ('kept', 'not-sampled') GROUP BY r.source
)
SELECT m.source, m.maker, m.domain, o.tried, o.nothing,
    coalesce((SELECT map_from_entries(list((l.what, l.n) ORDER BY l.what)) FROM lost AS l
        WHERE l.source = m.source), MAP {}) AS removed,
    o.accepted, o.accepted / o.tried AS share, coalesce(a.requests, 0) AS requests, a.cost,
    a.cost / nullif(o.accepted, 0) AS cost_per_row, coalesce(p.personas, 0) AS personas, m.pool
FROM make_sources AS m JOIN of_rows AS o USING (source)
LEFT JOIN of_answers AS a USING (source) LEFT JOIN of_personas AS p USING (source);

COMMENT ON VIEW acceptance IS 'One row a source that a model wrote: what became of the rows that were tried, and what an accepted one cost.';
COMMENT ON COLUMN acceptance.source IS 'Name of the source.';
COMMENT ON COLUMN acceptance.maker IS 'What made its rows.';
COMMENT ON COLUMN acceptance.domain IS 'Its domain.';
COMMENT ON COLUMN acceptance.tried IS 'Rows that were tried.';
COMMENT ON COLUMN acceptance.nothing IS 'Those that came to nothing: no usable answer, or none that could be parsed.';
COMMENT ON COLUMN acceptance.removed IS 'Rows by what removed them: a gate, a filter, or a step.';
COMMENT ON COLUMN acceptance.accepted IS 'Rows that are left, whether they are written or not.';
COMMENT ON COLUMN acceptance.share IS 'Those as a share of the rows that were tried.';
COMMENT ON COLUMN acceptance.requests IS 'Requests that were asked for them.';
COMMENT ON COLUMN acceptance.cost IS 'US dollars for all of them; null where a price is not known.';
COMMENT ON COLUMN acceptance.cost_per_row IS 'US dollars for each accepted row.';
COMMENT ON COLUMN acceptance.personas IS 'Different personas behind the accepted rows.';
COMMENT ON COLUMN acceptance.pool IS 'Personas to draw from.';
