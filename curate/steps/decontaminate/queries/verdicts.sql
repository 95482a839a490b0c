-- Which verdicts did people give, and which of them are void?
SELECT verdict, doc_id, instance_id, applied, void, note
FROM verdicts
ORDER BY void IS NULL, instance_id, doc_id;
