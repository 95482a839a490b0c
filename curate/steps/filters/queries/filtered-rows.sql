-- Which values does each row have that a filter removed?
SELECT doc_id, filter, value, text, refused
FROM filter_values
ORDER BY doc_id, refused DESC, filter;
