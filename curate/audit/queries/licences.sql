-- Which licences do the rows have, and which sources state none?
SELECT licence, array_to_string(sources, ', ') AS sources, rows_read, rows_kept, rows_written
FROM licences
ORDER BY rows_written DESC, licence;
