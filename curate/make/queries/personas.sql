-- Which personas are behind the accepted rows, and behind those that went?
SELECT r.source, r.persona, count(*) FILTER (d.fate IN ('kept', 'not-sampled')) AS accepted,
    count(*) FILTER (d.fate NOT IN ('kept', 'not-sampled')) AS removed
FROM make_rows AS r JOIN documents AS d ON d.id = r.doc_id
WHERE r.persona IS NOT NULL GROUP BY ALL ORDER BY r.source, accepted DESC, r.persona
