-- What can be asked of filters. Their comments are at the end.

CREATE OR REPLACE VIEW retention AS
WITH rows_of AS (
    SELECT source, count(*) AS n FROM documents WHERE fate <> 'quarantined' GROUP BY source
    UNION ALL SELECT NULL, count(*) FROM documents WHERE fate <> 'quarantined'
), bins AS (
    SELECT h.source, h.filter, f.position, h.low, h.high, h.rows, r.n,
        sum(h.rows) OVER (PARTITION BY h.source, h.filter) AS valued,
        sum(h.rows) OVER (PARTITION BY h.source, h.filter ORDER BY h.low) AS upto,
        f.at_least, f.at_most
    FROM filter_histogram AS h JOIN filters AS f USING (filter)
    JOIN rows_of AS r ON r.source IS NOT DISTINCT FROM h.source
    WHERE f.numeric
), curves AS (
    SELECT source, filter, position, 'at_most' AS bound, high AS threshold, n,
        (n - valued + upto)::BIGINT AS rows_left, at_most AS set_to FROM bins
    UNION ALL
    SELECT source, filter, position, 'at_least', low, n, (n - upto + rows)::BIGINT, at_least FROM bins
)
SELECT source, filter, position, bound, threshold, rows_left, rows_left / n AS share, set_to
FROM curves ORDER BY position, source NULLS FIRST, bound, threshold;

CREATE OR REPLACE VIEW filter_quantiles AS
WITH bins AS (
    SELECT source, filter, high, sum(rows) OVER (PARTITION BY source, filter) AS valued,
        sum(rows) OVER (PARTITION BY source, filter ORDER BY low) AS upto
    FROM filter_histogram WHERE text IS NULL
)
SELECT source, filter, any_value(valued)::BIGINT AS rows,
    min(high) FILTER (upto >= 0.5 * valued) AS p50, min(high) FILTER (upto >= 0.9 * valued) AS p90,
    min(high) FILTER (upto >= 0.99 * valued) AS p99, max(high) AS largest
FROM bins GROUP BY source, filter;

COMMENT ON VIEW retention IS 'Rows that every possible threshold of a numeric filter would keep, one row a value or bin: each filter on its own.';
COMMENT ON COLUMN retention.source IS 'Name of the source; null: all sources together.';
COMMENT ON COLUMN retention.filter IS 'Name of the filter, as in filters.filter.';
COMMENT ON COLUMN retention.position IS 'Order of the filter, from 1.';
COMMENT ON COLUMN retention.bound IS 'at_most or at_least: which of the two is set to the threshold.';
COMMENT ON COLUMN retention.threshold IS 'A possible threshold: the value of some row.';
COMMENT ON COLUMN retention.rows_left IS 'Rows that this bound would keep of all rows read, including those without a value.';
COMMENT ON COLUMN retention.share IS 'Those as a share of the rows read, 0 to 1.';
COMMENT ON COLUMN retention.set_to IS 'What the recipe sets the bound to; null if it sets none.';

COMMENT ON VIEW filter_quantiles IS 'Usual values: quantiles of the values of each numeric filter, exact to one per cent.';
COMMENT ON COLUMN filter_quantiles.source IS 'Name of the source; null: all sources together.';
COMMENT ON COLUMN filter_quantiles.filter IS 'Name of the filter, as in filters.filter.';
COMMENT ON COLUMN filter_quantiles.rows IS 'Rows with a value.';
COMMENT ON COLUMN filter_quantiles.p50 IS 'Half of the rows have no more.';
COMMENT ON COLUMN filter_quantiles.p90 IS 'Nine rows in ten have no more.';
COMMENT ON COLUMN filter_quantiles.p99 IS 'Of a hundred rows 99 have no more.';
COMMENT ON COLUMN filter_quantiles.largest IS 'The largest value.';
