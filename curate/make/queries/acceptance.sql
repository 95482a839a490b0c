-- Of the rows that a model wrote, how many were accepted, what removed the others, and what did it cost?
SELECT * FROM acceptance ORDER BY source
