-- What do the verdicts say that people gave, and which of them are void?
SELECT verdict, doc_id, instance_id, applied, void, note
FROM verdicts
ORDER BY void IS NULL, instance_id, doc_id;
