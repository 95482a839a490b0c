-- Which texts were lost because the row that stayed left at a later step?
SELECT * FROM lost_texts;
