-- The views that decontamination adds to an audit, over its tables and those that every audit has.

CREATE OR REPLACE VIEW contamination AS
WITH items AS (
    SELECT benchmark, min(role) AS role, count(DISTINCT instance_id) AS instances FROM instances GROUP BY benchmark
), hits AS (
    SELECT source, benchmark, count(DISTINCT instance_id) AS overlapped, count(DISTINCT doc_id) AS documents
    FROM matches WHERE counts GROUP BY source, benchmark
)
SELECT
    s.name AS source,
    i.benchmark,
    i.role,
    i.instances,
    coalesce(h.overlapped, 0) AS overlapped,
    coalesce(h.overlapped, 0) / i.instances AS rate,
    -- Whole numbers: 2 items of 100 are not over 2 %, whatever a float makes of 0.02.
    coalesce(h.overlapped, 0) * 100 > i.instances * 2 AS flagged,
    coalesce(h.documents, 0) AS documents
FROM sources AS s
CROSS JOIN items AS i
LEFT JOIN hits AS h ON h.source = s.name AND h.benchmark = i.benchmark
ORDER BY s.name, i.benchmark;

CREATE OR REPLACE VIEW leave_one_out AS
WITH touched AS (
    SELECT DISTINCT benchmark, instance_id, source FROM matches WHERE counts
), alone AS (
    SELECT benchmark, instance_id, min(source) AS source FROM touched GROUP BY ALL HAVING count(*) = 1
), totals AS (
    SELECT i.benchmark, count(DISTINCT i.instance_id) AS instances, count(DISTINCT t.instance_id) AS touched
    FROM instances AS i LEFT JOIN touched AS t USING (instance_id) GROUP BY i.benchmark
)
SELECT
    n.benchmark,
    s.name AS source,
    n.instances,
    n.touched,
    (SELECT count(*) FROM touched AS t WHERE t.benchmark = n.benchmark AND t.source = s.name) AS by_this,
    n.touched - (SELECT count(*) FROM alone AS a WHERE a.benchmark = n.benchmark AND a.source = s.name) AS left_without
FROM totals AS n CROSS JOIN sources AS s
ORDER BY n.benchmark, s.name;

CREATE OR REPLACE VIEW clean_items AS
SELECT i.benchmark, i.instance_id
FROM instances AS i
WHERE NOT EXISTS (SELECT 1 FROM matches AS m WHERE m.instance_id = i.instance_id AND m.counts)
ORDER BY i.benchmark, i.instance_id;

-- Ranked without the texts and joined by position: `WHERE rank <= 50` then touches the texts of 50 rows alone.
CREATE OR REPLACE VIEW worst_matches AS
WITH ranked AS (
    SELECT rowid AS at, row_number() OVER (ORDER BY hit DESC, score DESC, doc_id, instance_id, matcher) AS rank FROM matches
)
SELECT
    r.rank, m.source, m.doc_id, m.benchmark, m.instance_id, m.matcher, m.score, m.hit, m.label,
    array_to_string([i.text[s.start + 1:s.stop] for s in m.item_spans], ' … ') AS shared,
    i.text AS item_text, m.verdict, m.counts
FROM ranked AS r
JOIN matches AS m ON m.rowid = r.at
LEFT JOIN (SELECT instance_id, min(text) AS text FROM instances GROUP BY instance_id) AS i USING (instance_id)
ORDER BY r.rank;

CREATE OR REPLACE VIEW spans AS
SELECT m.doc_id, m.instance_id, m.matcher, 'document' AS side, t.turn, m.span.start, m.span.stop,
    t.text[m.span.start + 1:m.span.stop] AS text
FROM (SELECT doc_id, instance_id, matcher, unnest(doc_spans) AS span FROM matches) AS m
JOIN texts AS t ON t.doc_id = m.doc_id AND t.turn = m.span.turn
UNION ALL
SELECT m.doc_id, m.instance_id, m.matcher, 'item', NULL, m.span.start, m.span.stop,
    i.text[m.span.start + 1:m.span.stop]
FROM (SELECT doc_id, instance_id, matcher, unnest(item_spans) AS span FROM matches) AS m
JOIN (SELECT instance_id, min(text) AS text FROM instances GROUP BY instance_id) AS i USING (instance_id);

CREATE OR REPLACE VIEW judged_matches AS
SELECT matcher, judged, wrong, wrong / judged AS share, wilson(wrong, judged).low AS low, wilson(wrong, judged).high AS high
FROM (
    SELECT coalesce(matcher, 'any matcher') AS matcher, grouping(matcher) AS together,
        count(DISTINCT (doc_id, instance_id)) AS judged,
        count(DISTINCT (doc_id, instance_id)) FILTER (verdict = 'false-alarm') AS wrong
    FROM matches WHERE hit AND verdict IS NOT NULL AND (label IS NULL OR label = 'leak')
    GROUP BY GROUPING SETS ((), (matcher))
) WHERE judged > 0
ORDER BY together DESC, matcher;

COMMENT ON VIEW contamination IS 'How much of each benchmark each source holds: every source with every benchmark, even if nothing was found.';
COMMENT ON COLUMN contamination.source IS 'Name of the source.';
COMMENT ON COLUMN contamination.benchmark IS 'Name of the benchmark.';
COMMENT ON COLUMN contamination.role IS 'development or unseen.';
COMMENT ON COLUMN contamination.instances IS 'All items of the benchmark, those that can never match included.';
COMMENT ON COLUMN contamination.overlapped IS 'Items hit by at least one row of the source, by any matcher, as far as the hits count.';
COMMENT ON COLUMN contamination.rate IS 'overlapped / instances.';
COMMENT ON COLUMN contamination.flagged IS 'True if the rate is over 2 %.';
COMMENT ON COLUMN contamination.documents IS 'Rows of the source that hit the benchmark.';

COMMENT ON VIEW leave_one_out IS 'For each benchmark and source: how many items are still hit without that source.';
COMMENT ON COLUMN leave_one_out.benchmark IS 'Benchmark.';
COMMENT ON COLUMN leave_one_out.source IS 'The source that is left out.';
COMMENT ON COLUMN leave_one_out.instances IS 'All items of the benchmark.';
COMMENT ON COLUMN leave_one_out.touched IS 'Items hit by any source.';
COMMENT ON COLUMN leave_one_out.by_this IS 'Items hit by this source.';
COMMENT ON COLUMN leave_one_out.left_without IS 'Items still hit by the others.';

COMMENT ON VIEW clean_items IS 'Items that no source hits: a score on these alone is a clean one.';
COMMENT ON COLUMN clean_items.benchmark IS 'Benchmark of the item.';
COMMENT ON COLUMN clean_items.instance_id IS 'Id of the item.';

COMMENT ON VIEW worst_matches IS 'All stored matches, hits first, then by falling score.';
COMMENT ON COLUMN worst_matches.rank IS '1 is the worst.';
COMMENT ON COLUMN worst_matches.source IS 'Source of the document.';
COMMENT ON COLUMN worst_matches.doc_id IS 'Id of the document.';
COMMENT ON COLUMN worst_matches.benchmark IS 'Benchmark of the item.';
COMMENT ON COLUMN worst_matches.instance_id IS 'Id of the item.';
COMMENT ON COLUMN worst_matches.matcher IS 'What found it.';
COMMENT ON COLUMN worst_matches.score IS 'Share of the item that the document covers, 0 to 1.';
COMMENT ON COLUMN worst_matches.hit IS 'True if the score is over the threshold of the profile.';
COMMENT ON COLUMN worst_matches.label IS 'leak, variant, other question, template or suspect; null unless hit, or if no one judged it.';
COMMENT ON COLUMN worst_matches.shared IS 'The shared pieces of the item, joined by an ellipsis.';
COMMENT ON COLUMN worst_matches.item_text IS 'The item''s whole text.';
COMMENT ON COLUMN worst_matches.verdict IS 'leak, false-alarm or allowed; null if no one judged the pair.';
COMMENT ON COLUMN worst_matches.counts IS 'True if it counts towards rates and removal.';

COMMENT ON VIEW spans IS 'One row a shared piece of text, on either side of a match.';
COMMENT ON COLUMN spans.doc_id IS 'Id of the document.';
COMMENT ON COLUMN spans.instance_id IS 'Id of the item.';
COMMENT ON COLUMN spans.matcher IS 'What found it.';
COMMENT ON COLUMN spans.side IS 'document or item.';
COMMENT ON COLUMN spans.turn IS 'Turn of the document; null on the item''s side.';
COMMENT ON COLUMN spans.start IS 'First code point, 0-based.';
COMMENT ON COLUMN spans.stop IS 'One past the last code point.';
COMMENT ON COLUMN spans.text IS 'The piece itself.';

COMMENT ON VIEW judged_matches IS 'How often people called a hit a false alarm, one row a matcher, all together first; empty where no one judged any. What counts by rule alone, before verdicts.';
COMMENT ON COLUMN judged_matches.matcher IS 'The matcher, or: any matcher.';
COMMENT ON COLUMN judged_matches.judged IS 'Pairs that it hit and that have a verdict.';
COMMENT ON COLUMN judged_matches.wrong IS 'Those of them that are false alarms.';
COMMENT ON COLUMN judged_matches.share IS 'wrong / judged.';
COMMENT ON COLUMN judged_matches.low IS 'Lower end of the 95 % interval (Wilson), as if the pairs were drawn at random.';
COMMENT ON COLUMN judged_matches.high IS 'Upper end of it.';
