-- Which pairs came close to a hit without being one? (What a lower threshold would add.)
SELECT score, source, doc_id, benchmark, instance_id, matcher, shared
FROM worst_matches
WHERE NOT hit AND rank <= 50 + (SELECT count(*) FROM matches WHERE hit)
ORDER BY rank;
