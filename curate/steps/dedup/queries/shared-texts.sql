-- Which rows stay in place of rows of several sources?
SELECT k.kept_id, k.fate, k.sources, k.dropped, string_agg(DISTINCT d.source, ', ' ORDER BY d.source) AS names
FROM kept_rows AS k JOIN duplicates AS d USING (kept_id)
GROUP BY ALL
HAVING count(DISTINCT d.source) > 1
ORDER BY k.sources DESC, k.dropped DESC, k.kept_id;
