-- The views over what dedup found. Their comments are at the end.

CREATE OR REPLACE VIEW kept_rows AS
SELECT d.kept_id, any_value(d.kept_source) AS source,
    CASE WHEN bool_or(d.against) THEN 'against' ELSE any_value(o.fate) END AS fate,
    any_value(e.step) AS left_at,
    count(*) FILTER (d.dropped) AS dropped,
    count(*) FILTER (d.kind = 'exact') AS exact,
    count(*) FILTER (d.kind = 'near') AS near,
    count(*) FILTER (d.kind = 'variant') AS variants,
    count(DISTINCT d.source) AS sources,
    min(d.jaccard) AS least
FROM duplicates AS d
LEFT JOIN documents AS o ON o.id = d.kept_id AND NOT d.against
LEFT JOIN exits AS e ON e.doc_id = d.kept_id AND NOT d.against
GROUP BY d.kept_id;

CREATE OR REPLACE VIEW lost_texts AS
SELECT d.doc_id, d.kind, d.jaccard, d.kept_id, k.fate AS kept_fate, k.left_at
FROM duplicates AS d JOIN kept_rows AS k USING (kept_id)
WHERE d.dropped AND k.fate NOT IN ('kept', 'against')
ORDER BY d.doc_id;

CREATE OR REPLACE VIEW wrong_removals AS
SELECT sampled, judged, wrong, wrong / nullif(judged, 0) AS share,
    CASE WHEN judged > 0 THEN wilson(wrong, judged).low END AS low,
    CASE WHEN judged > 0 THEN wilson(wrong, judged).high END AS high
FROM (
    SELECT count(*) AS sampled, count(d.verdict) AS judged,
        count(*) FILTER (d.verdict = 'not-a-duplicate') AS wrong
    FROM duplicate_pairs AS p JOIN duplicates AS d USING (doc_id, kept_id) WHERE p.drawn IS NOT NULL
);

COMMENT ON VIEW kept_rows IS 'Every row that stays for others: how many, and what became of it later.';
COMMENT ON COLUMN kept_rows.kept_id IS 'Id of the row.';
COMMENT ON COLUMN kept_rows.source IS 'Its source, or the name of a data set under against.';
COMMENT ON COLUMN kept_rows.fate IS 'Its final fate: a later step may have removed it; against for a row that is not of this mixture.';
COMMENT ON COLUMN kept_rows.left_at IS 'Step at which it left; null if it was written or is not of this mixture.';
COMMENT ON COLUMN kept_rows.dropped IS 'Rows removed because of it.';
COMMENT ON COLUMN kept_rows.exact IS 'Rows with the same text.';
COMMENT ON COLUMN kept_rows.near IS 'Near duplicates.';
COMMENT ON COLUMN kept_rows.variants IS 'Rows that are near it but have other numbers, another question or another answer.';
COMMENT ON COLUMN kept_rows.sources IS 'Sources that these rows come from.';
COMMENT ON COLUMN kept_rows.least IS 'The smallest Jaccard value among them.';

COMMENT ON VIEW lost_texts IS 'Rows removed as duplicates of a row that left later: neither of the two was written.';
COMMENT ON COLUMN lost_texts.doc_id IS 'Id of the removed row.';
COMMENT ON COLUMN lost_texts.kind IS 'exact, near or variant.';
COMMENT ON COLUMN lost_texts.jaccard IS 'Jaccard value of the two.';
COMMENT ON COLUMN lost_texts.kept_id IS 'Id of the row that dedup kept.';
COMMENT ON COLUMN lost_texts.kept_fate IS 'What became of that one: removed or not-sampled.';
COMMENT ON COLUMN lost_texts.left_at IS 'Step at which it left.';

COMMENT ON VIEW wrong_removals IS 'How often the rule takes two different rows for duplicates, by the verdicts on a random sample of its pairs: one row.';
COMMENT ON COLUMN wrong_removals.sampled IS 'Pairs that were drawn.';
COMMENT ON COLUMN wrong_removals.judged IS 'Those of them that people judged.';
COMMENT ON COLUMN wrong_removals.wrong IS 'Those of these that are no duplicates.';
COMMENT ON COLUMN wrong_removals.share IS 'wrong / judged.';
COMMENT ON COLUMN wrong_removals.low IS 'Lower end of the 95 % interval (Wilson).';
COMMENT ON COLUMN wrong_removals.high IS 'Upper end of it.';
