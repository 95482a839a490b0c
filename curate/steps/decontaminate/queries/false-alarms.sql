-- How often did people call what a matcher found a false alarm? (Empty where no one judged any.)
SELECT matcher, judged, wrong, round(100 * share, 1) AS percent, round(100 * low, 1) AS low, round(100 * high, 1) AS high
FROM judged_matches;
