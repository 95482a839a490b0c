-- Which documents have the most tokens?
SELECT id, n_tokens, fate, file, row
FROM documents
ORDER BY n_tokens DESC NULLS LAST, id
LIMIT 50;
