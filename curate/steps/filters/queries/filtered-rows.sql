-- Which values did every row have that left at a filter?
SELECT doc_id, filter, value, text, refused
FROM filter_values
ORDER BY doc_id, refused DESC, filter;
