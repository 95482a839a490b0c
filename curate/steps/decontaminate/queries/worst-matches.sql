-- Which rows match a benchmark item the most, and what do they share?
SELECT score, hit, counts, source, doc_id, benchmark, instance_id, matcher, label, verdict, shared
FROM worst_matches
WHERE rank <= 50
ORDER BY rank;
