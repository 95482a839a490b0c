-- Which pairs came close to a hit without being one, for any matcher? (What a lower threshold would add.)
WITH near AS (
    SELECT doc_id, instance_id FROM matches
    GROUP BY doc_id, instance_id HAVING NOT bool_or(hit)
    ORDER BY max(score) DESC, doc_id, instance_id LIMIT 50
)
SELECT score, source, doc_id, benchmark, instance_id, matcher, shared
FROM worst_matches SEMI JOIN near USING (doc_id, instance_id)
ORDER BY rank;
