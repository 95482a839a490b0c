-- Which texts were lost, because the row that stayed for others left at a later step?
SELECT * FROM lost_texts;
