-- Under which licences do the rows stand, and which sources state none?
SELECT licence, array_to_string(sources, ', ') AS sources, rows_read, rows_kept, rows_written
FROM licences
ORDER BY rows_written DESC, licence;
