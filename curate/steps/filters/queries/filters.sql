-- What did each filter remove, what would it remove alone, and which values are usual?
SELECT f.filter, coalesce(f.at_least::VARCHAR || ' ≤ ', '') || 'value' || coalesce(' ≤ ' || f.at_most::VARCHAR, '') AS rule,
    sum(c.removed)::BIGINT AS removed, sum(c.refused)::BIGINT AS refused, sum(c.without_value)::BIGINT AS without_value,
    any_value(q.p50) AS p50, any_value(q.p90) AS p90, any_value(q.p99) AS p99, any_value(q.largest) AS largest
FROM filters AS f JOIN filter_counts AS c USING (filter)
LEFT JOIN filter_quantiles AS q ON q.filter = f.filter AND q.source IS NULL
GROUP BY f.position, f.filter, f.at_least, f.at_most
ORDER BY f.position;
